import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isLittoralError, type LittoralError } from '../../errors.ts';
import { type Clock, systemClock } from '../../time/clock.ts';
import type { Access } from '../auth/access.ts';
import type { RoutePermission, SendPermission } from '../auth/permission.ts';
import { announcedLength } from '../body/body-arrival.ts';
import { callerAddress } from './caller-address.ts';
import { Charge, type Demand, neverFits, slowest, totals } from './charge.ts';
import { Limit } from './limit.ts';
import type { LimitSettings } from './limit-settings.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** True for a route that no limit counts. */
    readonly isUnlimited?: boolean;
  }
}

const held = Symbol('limits');

/** A request that was admitted. */
interface Admission {
  readonly principal: string;
  /** The destination whose limits have counted it. */
  readonly destination: string | undefined;
  /** The bytes that were counted before the body was read. */
  readonly bytes: number;
  readonly charge: Charge;
}

interface Holding extends IncomingMessage {
  [held]?: Admission;
}

/** A destination, as a permission names it. */
type Address = Pick<SendPermission, 'kind' | 'destination' | 'routingKey'>;

/** A message of a request, or the reason why it is not sent. */
type Entry = (Address & { readonly payload?: unknown }) | LittoralError;

/** The reason why a stream is held. */
export interface Wait {
  readonly waitMs: number;
  readonly reason: string;
}

export interface LimitsOptions {
  /** Names the callers; undefined if no caller has credentials. */
  readonly access?: Access | undefined;
  /** Default: the system's. */
  readonly clock?: Pick<Clock, 'nowMs'>;
}

/** Decides how much callers may send. */
export class Limits {
  readonly #access: Access | undefined;
  readonly #clock: Pick<Clock, 'nowMs'>;
  #limits: readonly Limit[];

  constructor(settings: readonly LimitSettings[], { access, clock = systemClock }: LimitsOptions = {}) {
    this.#access = access;
    this.#clock = clock;
    this.#limits = settings.map((one) => new Limit(one, clock.nowMs()));
  }

  /** Replaces the limits. One whose settings are the same keeps its levels. */
  reload(settings: readonly LimitSettings[] = []): void {
    const before = new Map(this.#limits.map((limit) => [limit.fingerprint, limit]));
    this.#limits = settings.map((one) => {
      const limit = new Limit(one, this.#clock.nowMs());
      return before.get(limit.fingerprint) ?? limit;
    });
  }

  /**
   * Counts a request by its headers, before its body is read. A stream is counted entry by entry.
   *
   * @throws LittoralError `rate-limited`, `body-too-large`
   */
  admit(request: FastifyRequest, reply: FastifyReply): void {
    const { permission, body, isUnlimited } = request.routeOptions.config;
    if (isUnlimited || isFree(permission) || body === 'stream') return;
    const to = typeof permission === 'function' ? permission(request) : undefined;
    const principal = this.#principalOf(request);
    const destination = typeof to === 'object' ? keyOf(to) : undefined;
    const bytes = announcedBytes(request.raw);
    const charge = new Charge();
    const nowMs = this.#clock.nowMs();
    const keys = { principal, destination, all: '' };
    charge.take(this.#demands(keys, 1, bytes, nowMs), nowMs);
    (request.raw as Holding)[held] = { principal, destination, bytes, charge };
    reply.headers(charge.headers(nowMs));
  }

  /**
   * Counts the bytes of a body that no header announced.
   *
   * @throws LittoralError `rate-limited`, `body-too-large`
   */
  countBody({ raw, body }: FastifyRequest, reply: FastifyReply): void {
    const admission = (raw as Holding)[held];
    if (!admission || !(body instanceof Uint8Array) || body.byteLength <= admission.bytes) return;
    const nowMs = this.#clock.nowMs();
    admission.charge.takeArrived(body.byteLength - admission.bytes, nowMs);
    reply.headers(admission.charge.headers(nowMs));
  }

  /**
   * Counts a message for its destination, if the headers of its request did not name it.
   *
   * @throws LittoralError `rate-limited`, `body-too-large`
   */
  countMessage({ raw, body }: FastifyRequest, reply: FastifyReply, to: Address): void {
    const admission = (raw as Holding)[held];
    const destination = keyOf(to);
    if (!admission || destination === admission.destination) return;
    const nowMs = this.#clock.nowMs();
    const bytes = body instanceof Uint8Array ? body.byteLength : 0;
    admission.charge.take(this.#demands({ destination }, 1, bytes, nowMs), nowMs);
    reply.headers(admission.charge.headers(nowMs));
  }

  /**
   * Counts the entries of a batch: all of them, or none.
   *
   * @throws LittoralError `rate-limited`, `body-too-large`
   */
  countEntries({ raw }: FastifyRequest, reply: FastifyReply, entries: readonly Entry[]): void {
    const admission = (raw as Holding)[held];
    if (!admission) return;
    const nowMs = this.#clock.nowMs();
    const { principal, charge } = admission;
    // The request itself was counted as one.
    const others = this.#demands({ principal, all: '' }, Math.max(0, entries.length - 1), 0, nowMs);
    const demands = [...byDestination(entries)].flatMap(([destination, { count, bytes }]) =>
      this.#demands({ destination }, count, bytes, nowMs),
    );
    charge.take([...others, ...demands], nowMs);
    reply.headers(charge.headers(nowMs));
  }

  /**
   * Returns a function that counts an entry of a stream, or returns why the stream has to wait first.
   *
   * @throws LittoralError `body-too-large` for an entry that never fits
   */
  ofStream(request: FastifyRequest): (entry: Entry, bytes: number) => Wait | undefined {
    const principal = this.#principalOf(request);
    return (entry, bytes) => {
      const nowMs = this.#clock.nowMs();
      const destination = isLittoralError(entry) ? undefined : keyOf(entry);
      const found = totals(this.#demands({ principal, destination, all: '' }, 1, bytes, nowMs));
      // Nothing of it is sent, so it need not fit.
      const isRefused = isLittoralError(entry);
      const demands = isRefused ? found.map((one) => ({ ...one, amount: atMost(one) })) : found;
      const tooLarge = demands.find(({ limit, amount }) => amount > limit.capacity);
      if (tooLarge) throw neverFits(tooLarge);
      if (demands.every(({ bucket, amount }) => bucket.has(amount, nowMs))) {
        for (const { bucket, amount } of demands) bucket.take(amount, nowMs);
        return undefined;
      }
      const { demand, waitMs } = slowest(demands, nowMs);
      return { waitMs, reason: demand.limit.text };
    };
  }

  #demands(keys: Partial<Record<Limit['per'], string | undefined>>, count: number, bytes: number, nowMs: number) {
    const demands: Demand[] = [];
    for (const limit of this.#limits) {
      const key = keys[limit.per];
      if (key === undefined) continue;
      demands.push({ limit, bucket: limit.find(key, nowMs), amount: limit.unit === 'bytes' ? bytes : count });
    }
    return demands;
  }

  /** A caller without credentials is the address of its connection. */
  #principalOf(request: FastifyRequest): string {
    const principal = this.#access?.principalOf(request);
    return principal?.isKnown ? principal.scope : `address ${callerAddress(request.raw.socket.remoteAddress)}`;
  }
}

/** What watches a gateway has to get through. */
function isFree(permission: RoutePermission | undefined): boolean {
  return permission === undefined || permission === 'open' || permission === 'metrics:read';
}

/** The destination of an event is its routing key. */
function keyOf({ kind, destination, routingKey }: Address): string {
  return kind === 'event' ? `event ${routingKey}` : `service ${destination}`;
}

/** A body without a length has one byte at least. */
function announcedBytes(raw: IncomingMessage): number {
  return raw.headers['transfer-encoding'] === undefined ? announcedLength(raw) : 1;
}

function atMost({ limit, amount }: Demand): number {
  return Math.min(limit.capacity, amount);
}

function byDestination(entries: readonly Entry[]): Map<string, { count: number; bytes: number }> {
  const found = new Map<string, { count: number; bytes: number }>();
  for (const entry of entries) {
    if (isLittoralError(entry)) continue;
    const key = keyOf(entry);
    const { count, bytes } = found.get(key) ?? { count: 0, bytes: 0 };
    const { payload } = entry;
    found.set(key, { count: count + 1, bytes: bytes + (payload instanceof Uint8Array ? payload.byteLength : 0) });
  }
  return found;
}
