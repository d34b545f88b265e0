import type { Delivery } from '../engine/delivery.ts';
import type { Logger } from '../logger.ts';
import { Header } from '../message/message-headers.ts';
import { type Deferral, deferralDelayMs } from '../recovery/deferral.ts';
import { keyOnBusOf } from '../recovery/retry-message.ts';
import type { WallClock } from '../time/clock.ts';
import type { UnhandledSettings } from './unhandled-settings.ts';

/** Maximum number of logged keys, because senders choose the keys. */
const maxLoggedKeys = 1000;

/** Maximum number of listed keys: those that were deferred last. */
const maxListedKeys = 100;

/** Milliseconds for which a key stays in the list: a message that is still deferred returns twice in this time. */
const listedForMs = 2 * deferralDelayMs(Number.MAX_SAFE_INTEGER);

/** A key, the messages of which this process defers. */
export interface DeferredKey {
  readonly kind?: string | undefined;
  readonly routingKey?: string | undefined;
  /** The handler that the messages name, if they are retries. */
  readonly endpointId?: string | undefined;
  readonly reason: string;
  /** Number of deferrals by this process. A message counts each time. */
  readonly deferrals: number;
  /** Time of the first delivery without a handler, to any process: milliseconds since 1970. */
  readonly sinceMs: number;
  /** Time of the last deferral by this process: milliseconds since 1970. */
  readonly lastMs: number;
}

/** The keys that this process defers: a list of the last ones, and a log with one warning for each key. */
export class DeferredKeys {
  readonly #logger: Logger;
  readonly #clock: WallClock;
  readonly #logged = new Set<string>();
  /** The key that was deferred last comes last. */
  readonly #recent = new Map<string, DeferredKey>();

  constructor(logger: Logger, clock: WallClock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Notes a deferral, and logs the first of a key. @param endpointId the handler that a retry names */
  deferred(
    delivery: Delivery,
    isEvent: boolean,
    endpointId: string | undefined,
    { sinceMs }: Pick<Deferral, 'sinceMs'>,
    settings: UnhandledSettings,
  ): void {
    const { headers } = delivery.message;
    const kind = shortened(headers[Header.payloadType]);
    const routingKey = shortened((isEvent ? keyOnBusOf(delivery) : undefined) ?? headers[Header.routingKey]);
    const fields = { kind, routingKey, endpointId: shortened(endpointId) };
    const name = JSON.stringify([kind, routingKey, fields.endpointId]);
    const texts = isEvent ? eventTexts : endpointId === undefined ? commandTexts : retryTexts;
    this.#list(name, { ...fields, reason: texts.reason }, sinceMs);
    this.#log(name, fields, texts.warning, settings, isEvent);
  }

  /** Returns the keys that were deferred within the last two minutes, the last one first. */
  list(): readonly DeferredKey[] {
    const nowMs = this.#clock.wallMs();
    return [...this.#recent.values()].reverse().filter(({ lastMs }) => isRecent(lastMs, nowMs));
  }

  #list(name: string, key: Pick<DeferredKey, 'kind' | 'routingKey' | 'endpointId' | 'reason'>, sinceMs: number): void {
    const lastMs = Math.floor(this.#clock.wallMs());
    const known = this.#recent.get(name);
    const earlier = known && isRecent(known.lastMs, lastMs) ? known : { deferrals: 0, sinceMs };
    this.#recent.delete(name);
    this.#recent.set(name, {
      ...key,
      deferrals: earlier.deferrals + 1,
      sinceMs: Math.min(earlier.sinceMs, sinceMs),
      lastMs,
    });
    if (this.#recent.size <= maxListedKeys) return;
    for (const oldest of this.#recent.keys()) return void this.#recent.delete(oldest);
  }

  #log(
    name: string,
    fields: Pick<DeferredKey, 'kind' | 'routingKey' | 'endpointId'>,
    warning: string,
    { graceMs, afterGrace }: UnhandledSettings,
    isEvent: boolean,
  ): void {
    if (this.#logged.size >= maxLoggedKeys || this.#logged.has(name)) return;
    this.#logged.add(name);
    this.#logger.warn({ ...fields, graceMs, ...(isEvent ? { afterGrace } : {}) }, warning);
    if (this.#logged.size === maxLoggedKeys) {
      this.#logger.warn({ keys: maxLoggedKeys }, 'messages of many keys are deferred: no further key is logged');
    }
  }
}

function isRecent(lastMs: number, nowMs: number): boolean {
  return nowMs - lastMs < listedForMs;
}

const eventTexts = {
  reason: 'no handler in this process, and another version or program has bound the key to the queue',
  warning:
    'events of this key have no handler here and are deferred: another version of this service, or another program, has bound the key to the queue. Once no program handles it any more, list it in retiredKeys',
};
const commandTexts = {
  reason: 'no handler in this process, and another consumer of the queue may have one',
  warning:
    'messages of this key have no handler here and are deferred, for another consumer of the queue to handle them. If none does, they become dead letters',
};
const retryTexts = {
  reason: 'a retry of a handler that this process does not have, and another consumer of the queue may have',
  warning:
    'retries of a handler that is not here are deferred, for another consumer of the queue to handle them. If none does, they become dead letters',
};

function shortened(text: unknown): string | undefined {
  return typeof text === 'string' ? text.slice(0, 255).toWellFormed() : undefined;
}
