import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isLittoralError } from '../../errors.ts';
import { type Clock, systemClock } from '../../time/clock.ts';
import type { Access } from '../auth/access.ts';
import type { RoutePermission } from '../auth/permission.ts';
import { announcedLength } from '../body/body-arrival.ts';
import { callerOf } from './caller-address.ts';
import { Charge, type Demand, haveAll, isTooLarge, neverFits, slowest, totals } from './charge.ts';
import { type Address, byDestination, destinationOf, type Entry, keyOf } from './destination-key.ts';
import { Limit } from './limit.ts';
import type { LimitSettings } from './limit-settings.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** True for a route whose requests count for no limit. */
    readonly isUnlimited?: boolean;
  }
}

const held = Symbol('limits');

/** An admitted request. */
interface Admission {
  readonly principal: string;
  /** The destination for which it was counted. */
  readonly destination: string | undefined;
  /** The bytes that were counted. */
  bytes: number;
  readonly charge: Charge;
}

interface Holding extends IncomingMessage {
  [held]?: Admission;
}

/** The time for which a stream has to wait, and the reason. */
export interface Wait {
  readonly waitMs: number;
  readonly reason: string;
}

export interface LimitsOptions {
  /** Identifies the callers; undefined without `auth`. */
  readonly access?: Access | undefined;
  /** Default: the system's. */
  readonly clock?: Pick<Clock, 'nowMs'>;
}

/** Decides how many messages and bytes callers may send. */
export class Limits {
  readonly #access: Access | undefined;
  readonly #clock: Pick<Clock, 'nowMs'>;
  #limits: readonly Limit[];
  /** True if any limit is per destination. Otherwise the destinations of requests are not determined. */
  #countsDestinations: boolean;

  constructor(settings: readonly LimitSettings[], { access, clock = systemClock }: LimitsOptions = {}) {
    this.#access = access;
    this.#clock = clock;
    this.#limits = settings.map((one) => new Limit(one, clock.nowMs()));
    this.#countsDestinations = settings.some(isPerDestination);
  }

  /** Replaces the limits. A limit with unchanged settings keeps its levels. */
  reload(settings: readonly LimitSettings[] = []): void {
    const before = new Map(this.#limits.map((limit) => [limit.fingerprint, limit]));
    this.#limits = settings.map((one) => {
      const limit = new Limit(one, this.#clock.nowMs());
      return before.get(limit.fingerprint) ?? limit;
    });
    this.#countsDestinations = settings.some(isPerDestination);
  }

  /**
   * Counts a request by its headers before its body is read. The entries of a stream are counted one by one instead.
   *
   * @throws LittoralError `rate-limited`, `body-too-large`
   */
  admit(request: FastifyRequest, reply: FastifyReply): void {
    const { permission, body, isUnlimited } = request.routeOptions.config;
    if (isUnlimited || isFree(permission) || body === 'stream') return;
    const principal = this.#principalOf(request);
    const destination = this.#countsDestinations ? destinationOf(permission, request) : undefined;
    const bytes = announcedBytes(request.raw);
    const charge = new Charge();
    const nowMs = this.#clock.nowMs();
    charge.take(this.#demands({ principal, destination, all: '' }, 1, bytes, nowMs), nowMs);
    (request.raw as Holding)[held] = { principal, destination, bytes, charge };
    setHeaders(reply, charge, nowMs);
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
    const more = body.byteLength - admission.bytes;
    admission.bytes = body.byteLength;
    admission.charge.takeArrived(more, nowMs);
    setHeaders(reply, admission.charge, nowMs);
  }

  /** Counts the bytes of a body that was refused while it was read, or that was discarded. */
  countUnused({ raw }: FastifyRequest, bytes: number): void {
    const admission = (raw as Holding)[held];
    if (!admission || bytes <= admission.bytes) return;
    admission.charge.takeUnused(bytes - admission.bytes, this.#clock.nowMs());
    admission.bytes = bytes;
  }

  /**
   * Counts a message for its destination, unless `admit` has done so already.
   *
   * @throws LittoralError `rate-limited`, `body-too-large`
   */
  countMessage({ raw, body }: FastifyRequest, reply: FastifyReply, to: Address): void {
    const admission = (raw as Holding)[held];
    if (!admission || !this.#countsDestinations) return;
    const destination = keyOf(to);
    if (destination === admission.destination) return;
    const nowMs = this.#clock.nowMs();
    const bytes = body instanceof Uint8Array ? body.byteLength : 0;
    admission.charge.take(this.#demands({ destination }, 1, bytes, nowMs), nowMs);
    setHeaders(reply, admission.charge, nowMs);
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
    // `admit` has counted the request as one entry.
    const others = this.#demands({ principal, all: '' }, Math.max(0, entries.length - 1), 0, nowMs);
    const perDestination = this.#countsDestinations ? [...byDestination(entries)] : [];
    const demands = perDestination.flatMap(([destination, { count, bytes }]) =>
      this.#demands({ destination }, count, bytes, nowMs),
    );
    charge.take([...others, ...demands], nowMs);
    setHeaders(reply, charge, nowMs);
  }

  /**
   * Returns a function that counts an entry of a stream. If the stream has to wait first, the function returns the wait
   * and counts nothing. It throws LittoralError `body-too-large` for an entry that exceeds the capacity of a limit.
   */
  ofStream(request: FastifyRequest): (entry: Entry, bytes: number) => Wait | undefined {
    const principal = this.#principalOf(request);
    return (entry, bytes) => {
      const nowMs = this.#clock.nowMs();
      const destination = isLittoralError(entry) ? undefined : keyOf(entry);
      const found = totals(this.#demands({ principal, destination, all: '' }, 1, bytes, nowMs));
      // A refused entry is not sent, so it need not fit.
      const isRefused = isLittoralError(entry);
      const demands = isRefused ? found.map((one) => ({ ...one, amount: atMost(one) })) : found;
      const tooLarge = demands.find(isTooLarge);
      if (tooLarge) throw neverFits(tooLarge);
      if (haveAll(demands, nowMs)) {
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

  /** Returns the name of a caller. A caller without credentials is identified by the address of its connection. */
  #principalOf(request: FastifyRequest): string {
    const principal = this.#access?.principalOf(request);
    return principal?.isKnown ? principal.scope : callerOf(request.raw.socket);
  }
}

function isPerDestination({ per }: LimitSettings): boolean {
  return per === 'destination';
}

function setHeaders(reply: FastifyReply, charge: Charge, nowMs: number): void {
  const headers = charge.headers(nowMs);
  if (headers === undefined) return;
  reply.header('ratelimit-policy', headers['ratelimit-policy']);
  reply.header('ratelimit', headers.ratelimit);
}

/** Returns whether a route is exempt from limits, because monitoring must always get an answer. */
function isFree(permission: RoutePermission | undefined): boolean {
  return permission === undefined || permission === 'open' || permission === 'metrics:read';
}

/** Returns the announced size of a body. A body without an announced length counts as one byte. */
function announcedBytes(raw: IncomingMessage): number {
  return raw.headers['transfer-encoding'] === undefined ? announcedLength(raw) : 1;
}

function atMost({ limit, amount }: Demand): number {
  return Math.min(limit.capacity, amount);
}
