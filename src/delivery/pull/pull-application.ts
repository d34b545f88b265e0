import type { ParentMessages } from '../../bus/parent-messages.ts';
import { LittoralError } from '../../errors.ts';
import type { HandlerDefinition } from '../../handler/handler-definition.ts';
import type { RemoteHandler } from '../../handler/remote-handler.ts';
import { withRetryDelay } from '../../handler/retry-hint.ts';
import { type Invocation, parameterConverter } from '../../parameter/parameter-converter.ts';
import { listed } from '../../text/listed.ts';
import { shorten } from '../../text/shorten.ts';
import { ApplicationError } from '../application-error.ts';
import { notWanted, type PostedMessage, postedRequest } from '../posted-request.ts';
import { LeaseBook, type LeaseResult, notLeased } from './lease-book.ts';
import { PullGate } from './pull-gate.ts';
import type { PullOptions, PullSettings } from './pull-options.ts';
import { PullQueue } from './pull-queue.ts';
import { writePulledMessage } from './pulled-message.ts';
import { type PulledMessage, type PullRequest, WaitingPull } from './waiting-pull.ts';

export interface PullApplicationOptions {
  readonly settings: PullSettings;
  readonly parents: ParentMessages;
  /** Called when the number of messages that are asked for may have changed. */
  readonly changed: () => void;
}

/** The state of an application that pulls its messages. */
export interface PullState {
  readonly pull: true;
  /** Number of pulls that wait for messages. */
  readonly pullsWaiting: number;
  /** Number of messages that are leased. */
  readonly leases: number;
  /** Number of messages that wait in this process for a pull of their endpoint. */
  readonly messagesWaiting: number;
  /** Number of messages that were acknowledged without a pull, because their `when` was false. */
  readonly skipped: number;
}

/** The outcome that a client has decided for a lease. */
export type Settlement =
  | { readonly lease: string; readonly outcome: 'done' }
  | { readonly lease: string; readonly outcome: 'retry'; readonly delayMs?: number; readonly reason?: string }
  | { readonly lease: string; readonly outcome: 'reject'; readonly reason: string };

/** The messages of an answer, each as JSON, and the way to take them back from a client that never got them. */
export interface Pulled {
  readonly deliveries: readonly string[];
  readonly revoke: () => void;
}

const longestReason = 1024;

/** An application that fetches its messages, and reports the outcome of each. */
export class PullApplication {
  readonly #options: PullApplicationOptions;
  readonly #queue = new PullQueue();
  readonly #leases: LeaseBook;
  readonly #endpoints = new Set<string>();
  #skipped = 0;

  constructor(options: PullApplicationOptions) {
    this.#options = options;
    this.#leases = new LeaseBook(options.settings.longestLeaseMs);
  }

  /** Returns how the messages of a definition are pulled. */
  handlerOf({ endpointId }: HandlerDefinition, options: PullOptions): RemoteHandler {
    const { settings, parents } = this.#options;
    this.#endpoints.add(endpointId);
    const gate = new PullGate(endpointId, this.#queue, settings.holdMs);
    return {
      description,
      parameters: [postedRequest(options), invocation],
      gate,
      handle: (posted: PostedMessage | typeof notWanted, { attempt = 1, expiresAtMs, delivery }: Invocation) => {
        if (posted === notWanted) {
          this.#skipped += 1;
          return undefined;
        }
        const json = writePulledMessage(posted, { endpointId, attempt, expiresAtMs });
        const pull = gate.redeem(posted.message);
        return new Promise<void>((resolve, reject) => {
          const endParent = parents.begin(posted.message);
          const end = (error?: Error) => {
            endParent();
            if (error === undefined) resolve();
            else reject(error);
          };
          const isTaken = !delivery?.isLost && pull?.take({ endpointId, json, delivery, end });
          if (!isTaken) end(notLeased());
        });
      },
    };
  }

  describe(): PullState {
    const { pulls, calls } = this.#queue;
    return {
      pull: true,
      pullsWaiting: pulls,
      leases: this.#leases.size,
      messagesWaiting: calls,
      skipped: this.#skipped,
    };
  }

  /**
   * Waits for messages, and leases them.
   *
   * @param signal aborted when the client leaves: it gets no message then
   * @throws LittoralError `malformed-request`, `draining`
   */
  pull(request: Partial<PullRequest>, signal: AbortSignal): Promise<Pulled> {
    const complete = this.#completed(request);
    if (this.#queue.hasEnded) throw new LittoralError('draining', 'Nothing was pulled: this gateway is shutting down.');
    this.#leases.endLost();
    return new Promise((resolve) => {
      const pull = new WaitingPull(complete, (answered, messages) => {
        this.#queue.remove(answered);
        resolve(this.#lease(messages, complete.leaseMs));
        this.#options.changed();
      });
      const leave = () => {
        this.#queue.remove(pull);
        for (const { end } of pull.close()) end(notLeased());
        resolve({ deliveries: [], revoke: () => {} });
        this.#options.changed();
      };
      signal.addEventListener('abort', leave, { once: true });
      if (signal.aborted) return leave();
      this.#queue.add(pull);
      this.#options.changed();
    });
  }

  /** Settles leases. @returns a result for each, in their order, once it is decided */
  settle(settlements: readonly Settlement[]): Promise<readonly LeaseResult[]> {
    this.#leases.endLost();
    return Promise.all(settlements.map((settlement) => this.#leases.settle(settlement.lease, errorOf(settlement))));
  }

  /** Extends leases. @returns a result for each, in their order. @throws LittoralError `malformed-request` */
  extend(leases: readonly string[], leaseMs: number): Promise<readonly LeaseResult[]> {
    this.#assertLease(leaseMs);
    this.#leases.endLost();
    return Promise.all(leases.map((lease) => this.#leases.extend(lease, leaseMs)));
  }

  /** Answers all pulls that wait, and refuses later ones. Leases can still be settled. */
  endWaits(): void {
    this.#queue.end();
  }

  /** Ends all leases. */
  close(): void {
    this.endWaits();
    this.#leases.close();
  }

  #completed({ max = 10, waitMs = 20_000, leaseMs, endpoint }: Partial<PullRequest>): PullRequest {
    if (endpoint !== undefined && !this.#endpoints.has(endpoint)) {
      const detail = `Unknown endpoint '${shorten(endpoint, 255)}'. Available: ${listed([...this.#endpoints])}.`;
      throw malformed('endpoint', detail);
    }
    if (leaseMs !== undefined) this.#assertLease(leaseMs);
    return { max, waitMs, leaseMs: leaseMs ?? this.#options.settings.leaseMs, endpoint };
  }

  #assertLease(leaseMs: number): void {
    const { longestLeaseMs } = this.#options.settings;
    if (leaseMs <= longestLeaseMs) return;
    throw malformed('leaseMs', `leaseMs is ${leaseMs}; a lease lasts ${longestLeaseMs} ms at most (longestLeaseMs).`);
  }

  #lease(messages: readonly PulledMessage[], leaseMs: number): Pulled {
    const ids: string[] = [];
    const deliveries = messages.flatMap((message) => {
      if (message.delivery?.isLost || this.#queue.hasEnded) {
        message.end(notLeased());
        return [];
      }
      const lease = this.#leases.begin(message, leaseMs);
      ids.push(lease.lease);
      return `${JSON.stringify(lease).slice(0, -1)},${message.json.slice(1)}`;
    });
    return { deliveries, revoke: () => this.#leases.revoke(ids) };
  }
}

function malformed(field: string, detail: string): LittoralError {
  return new LittoralError('malformed-request', detail, { issues: [{ path: `/${field}`, message: detail }] });
}

/** Returns the error of the attempt; undefined for a message that was handled. */
function errorOf(settlement: Settlement): Error | undefined {
  if (settlement.outcome === 'done') return undefined;
  const { outcome, reason } = settlement;
  const said = reason === undefined || reason.trim() === '' ? '.' : `: ${shorten(reason.trim(), longestReason)}`;
  if (outcome === 'reject') {
    return new ApplicationError(`The application refused the message${said}`, { retryable: false });
  }
  const error = new ApplicationError(`The application asked for another attempt${said}`, { retryable: true });
  return settlement.delayMs === undefined ? error : withRetryDelay(error, Math.max(1, settlement.delayMs));
}

const description = [{ name: 'delivery', converter: 'the message, for a pull of the application' }];

/** The call itself, with its number and its delivery. */
const invocation = parameterConverter('the call', () => (call: Invocation) => call);
