import { randomBytes } from 'node:crypto';
import { TurnoverMap } from '../../collection/turnover-map.ts';
import { markNotCalled } from '../../handler/call-gate.ts';
import { systemClock } from '../../time/clock.ts';
import { RecentMap } from '../../time/recent-map.ts';
import { completesWithin } from '../../time/timeout.ts';
import { ApplicationAway, ApplicationError } from '../application-error.ts';
import type { PulledMessage } from './waiting-pull.ts';

/** The result for a lease that was to be settled or extended. */
export interface LeaseResult {
  readonly lease: string;
  /**
   * `settled`: the outcome is decided. `pending`: it is not decided yet, and the message is in a queue. `extended`.
   * `expired`: the lease had ended before. `unknown`: this process has no such lease, or no longer.
   */
  readonly result: 'settled' | 'pending' | 'extended' | 'expired' | 'unknown';
  /** The outcome of the message, once it is settled: `handled`, `retried later`, `dead letter`, `requeued`. */
  readonly outcome?: string | undefined;
  /** The reason why a lease has expired or is unknown. */
  readonly detail?: string | undefined;
  /** The new end of an extended lease. */
  readonly expiresAt?: string | undefined;
}

interface Lease {
  readonly id: string;
  readonly message: PulledMessage;
  /** By `performance.now()`. */
  readonly startedAt: number;
  timer: NodeJS.Timeout;
}

/** A lease that has ended. */
interface EndedLease {
  result: Promise<LeaseResult>;
  /** Asks again, where the result is pending. It keeps the message in memory. */
  repeat?: (() => Promise<LeaseResult>) | undefined;
}

/** How long and how many ended leases are remembered. */
const remembered = { windowMs: 15 * 60_000, maxEntries: 10_000 };

/** The longest wait for the outcome of a message, in milliseconds. */
const settledWithinMs = 30_000;

const lostDetail =
  'The connection to the broker that delivered the message was lost. The message is redelivered, with the same attempt number.';

/** The messages that applications have pulled, until each is settled or its lease ends. */
export class LeaseBook {
  readonly #longestMs: number;
  /** In the order in which they began. */
  readonly #leases = new TurnoverMap<string, Lease>();
  /** So that a client that asks late or twice gets an answer. */
  readonly #ended = new RecentMap<EndedLease>({ ...remembered, clock: systemClock });

  /** @param longestMs the longest time from the beginning to the end of a lease */
  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  get size(): number {
    return this.#leases.size;
  }

  /** Leases a message. @returns the id, which cannot be guessed, and the end as RFC 3339 */
  begin(message: PulledMessage, leaseMs: number): { readonly lease: string; readonly expiresAt: string } {
    const id = randomBytes(24).toString('base64url');
    const startedAt = performance.now();
    const lease: Lease = { id, message, startedAt, timer: this.#timer(id, leaseMs) };
    this.#leases.set(id, lease);
    return { lease: id, expiresAt: inMs(leaseMs) };
  }

  /**
   * Settles the message of a lease. A repetition gets the result of the first time, or a later one if that was pending.
   *
   * @param error of the attempt; without one, the message was handled
   * @returns once the outcome is decided. Never rejects
   */
  settle(id: string, error?: Error): Promise<LeaseResult> {
    const lease = this.#find(id);
    if (lease === undefined) return this.#absent(id);
    const ended = settling(lease);
    this.#end(lease, ended, error);
    return ended.result;
  }

  /** Moves the end of a lease to `leaseMs` from now, as far as a lease may last. */
  async extend(id: string, leaseMs: number): Promise<LeaseResult> {
    const lease = this.#find(id);
    if (lease === undefined) return this.#absent(id);
    const restMs = lease.startedAt + this.#longestMs - performance.now();
    const extendedMs = Math.max(1, Math.min(leaseMs, Math.floor(restMs)));
    clearTimeout(lease.timer);
    lease.timer = this.#timer(id, extendedMs);
    return { lease: id, result: 'extended', expiresAt: inMs(extendedMs) };
  }

  /** Ends leases whose client never got them. The messages are pulled again, and no attempt is counted. */
  revoke(ids: readonly string[]): void {
    for (const id of ids) {
      const lease = this.#leases.get(id);
      if (lease === undefined) continue;
      this.#end(lease, { result: expired(id, 'The answer with this lease could not be sent.') }, notLeased());
    }
  }

  /** Ends leases whose messages the broker redelivers. */
  endLost(): void {
    // Those of an earlier connection began before those of a later one.
    for (const lease of this.#leases.values()) {
      if (!isLost(lease)) return;
      this.#endLost(lease);
    }
  }

  /** Ends all leases, because the process ends. */
  close(): void {
    for (const lease of this.#leases.values()) this.#endLost(lease);
  }

  #find(id: string): Lease | undefined {
    const lease = this.#leases.get(id);
    if (lease === undefined || !isLost(lease)) return lease;
    this.#endLost(lease);
    return undefined;
  }

  async #absent(id: string): Promise<LeaseResult> {
    const ended = this.#ended.get(id);
    if (ended === undefined) {
      const detail =
        'This gateway process has no such lease, or ended it long ago. Its message, if any, is in a queue.';
      return { lease: id, result: 'unknown', detail };
    }
    const known = await ended.result;
    if (known.result !== 'pending') return known;
    const { repeat } = ended;
    ended.repeat = undefined;
    // Without it, another repetition is asking.
    if (repeat !== undefined) ended.result = repeat();
    return ended.result;
  }

  #timer(id: string, leaseMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#expire(id), leaseMs).unref();
  }

  #expire(id: string): void {
    const lease = this.#find(id);
    if (lease === undefined) return;
    const error = new ApplicationError('The lease ended before the application settled the message.', {
      name: 'LeaseExpired',
      retryable: true,
    });
    const detail = 'The lease had already ended. That counts as a failed attempt.';
    this.#end(lease, { result: expired(id, detail) }, error);
  }

  #endLost(lease: Lease): void {
    this.#end(lease, { result: expired(lease.id, lostDetail) }, notLeased());
  }

  #end({ id, timer, message }: Lease, ended: EndedLease, error?: Error): void {
    clearTimeout(timer);
    this.#leases.delete(id);
    this.#ended.set(id, ended);
    message.end(error);
  }
}

/** The error of a call whose message no client has: it is no attempt. */
export function notLeased(): Error {
  return markNotCalled(new ApplicationAway('The application does not have the message.'));
}

function isLost({ message }: Lease): boolean {
  return message.delivery?.isLost ?? false;
}

/** Waits for the outcome of a lease that was settled. */
function settling(lease: Lease): EndedLease {
  const ask = async () => {
    const result = await settled(lease);
    if (result.result === 'pending') ended.repeat = ask;
    return result;
  };
  const ended: EndedLease = { result: ask() };
  return ended;
}

async function settled(lease: Lease): Promise<LeaseResult> {
  const { id, message } = lease;
  let outcome: string | undefined;
  const decided = message.delivery?.settled.then((settled) => {
    outcome = settled;
  });
  if (decided !== undefined && !(await completesWithin(settledWithinMs, decided))) {
    return {
      lease: id,
      result: 'pending',
      detail: 'The outcome is not decided yet. The message is not lost. Repeat the request for its outcome.',
    };
  }
  if (isLost(lease)) return expired(id, lostDetail);
  return { lease: id, result: 'settled', outcome };
}

async function expired(lease: string, detail: string): Promise<LeaseResult> {
  return { lease, result: 'expired', detail };
}

function inMs(milliseconds: number): string {
  return new Date(Date.now() + milliseconds).toISOString();
}
