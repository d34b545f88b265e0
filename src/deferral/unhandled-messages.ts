import type { Consumer, Delivery } from '../engine/delivery.ts';
import { isLittoralError, LittoralError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { describeMessage } from '../message/describe-message.ts';
import { Header } from '../message/message-headers.ts';
import { deferralDelayMs, deferralOf } from '../recovery/deferral.ts';
import { errorSnapshot } from '../recovery/error-snapshot.ts';
import type { UnhandledResult } from '../recovery/handler-result.ts';
import { attemptsOf, endpointOf } from '../recovery/retry-message.ts';
import { expiredWithoutHandler, type TimeToLive } from '../recovery/time-to-live.ts';
import type { WallClock } from '../time/clock.ts';
import { ConsumingGaps, gapMs } from './consuming-gaps.ts';
import { type DeferredKey, DeferredKeys } from './deferred-keys.ts';
import { OtherConsumers } from './other-consumers.ts';
import type { UnhandledSettings } from './unhandled-settings.ts';

export interface UnhandledMessagesOptions {
  readonly settings: UnhandledSettings;
  /** Returns the consumer of the service's queue; undefined before the start. */
  readonly consumer: () => Pick<Consumer, 'otherConsumers' | 'pause'> | undefined;
  readonly clock: WallClock;
  readonly logger: Logger;
}

/** Returns whether a message has no handler in this process, and may have one in another. */
export function isUnhandled(error: unknown): boolean {
  return isLittoralError(error) && error.code === 'no-handler';
}

/**
 * The outcome of messages without a handler in this process. Another version of the service, or another program
 * that shares its name, can have one: the message is deferred until that process receives it, for up to `graceMs`.
 */
export class UnhandledMessages {
  readonly #options: UnhandledMessagesOptions;
  readonly #keys: DeferredKeys;
  readonly #others: OtherConsumers;
  readonly #gaps: ConsumingGaps;

  constructor(options: UnhandledMessagesOptions) {
    this.#options = options;
    this.#keys = new DeferredKeys(options.logger, options.clock);
    this.#others = new OtherConsumers(async () => options.consumer()?.otherConsumers(), options.clock);
    this.#gaps = new ConsumingGaps(options.consumer, options.clock);
  }

  /** Returns the keys that this process defers at the moment. */
  deferredKeys(): readonly DeferredKey[] {
    return this.#keys.list();
  }

  /**
   * Decides the result of a delivery. @param error the reason why it has no handler here
   * @returns `deferred`, or `failed` for a dead letter; `ignored` for an event whose grace period is over, if `afterGrace`
   * is `ignore`; `left in the queue` during a gap
   */
  async resultOf(delivery: Delivery, error: unknown, timeToLive: TimeToLive | undefined): Promise<UnhandledResult> {
    const { settings, clock, logger } = this.#options;
    const nowMs = Math.floor(clock.wallMs());
    const endpointId = endpointOf(delivery);
    const deferral = deferralOf(delivery, nowMs);
    const attempts = endpointId === undefined ? 0 : attemptsOf(delivery);
    const failed = { kind: 'failed', endpointId, attempts } as const;
    const fields = { ...describeMessage(delivery.message), endpointId, deferrals: deferral.count };
    if (timeToLive !== undefined && timeToLive.expiresAtMs <= nowMs) {
      logger.error(fields, 'a message without a handler here has expired: it becomes a dead letter');
      return { ...failed, error: expiredWithoutHandler(timeToLive, error) };
    }
    const isEvent = endpointId === undefined && delivery.message.headers[Header.payloadType] === 'event';
    const endsAtMs = deferral.sinceMs + settings.graceMs;
    if (nowMs < endsAtMs && (isEvent || (await this.#mayBeHandledElsewhere()))) {
      this.#keys.deferred(delivery, isEvent, endpointId, deferral, settings);
      if (await this.#isLeftForOthers(delivery, deferral.count, endpointId)) return { kind: 'left in the queue' };
      // It is redelivered when it expires or when its grace period ends, and its outcome is decided then.
      const retryAfterMs = Math.ceil(
        Math.min(
          deferralDelayMs(deferral.count),
          endsAtMs - nowMs,
          (timeToLive?.expiresAtMs ?? Number.POSITIVE_INFINITY) - nowMs,
        ),
      );
      const { expiresAtMs } = timeToLive ?? {};
      return { kind: 'deferred', failure: { error, endpointId, attempts, expiresAtMs, deferral, retryAfterMs } };
    }
    if (isEvent && settings.afterGrace === 'ignore') {
      logger.warn(fields, 'an event without a handler is ignored, as configured');
      return { kind: 'ignored' };
    }
    logger.error({ ...fields, reason: errorSnapshot(error).message }, 'a message cannot be handled');
    const isFirst = deferral.count === 0;
    return { ...failed, error: isFirst ? error : unhandledFor(error, deferral.count, nowMs - deferral.sinceMs) };
  }

  /** Returns whether the message is left in the queue during a gap, in which this process does not consume. */
  async #isLeftForOthers(delivery: Delivery, deferrals: number, endpointId: string | undefined): Promise<boolean> {
    // A retry names a handler of littoral, which does not poll.
    if (this.#options.settings.commands === 'defer' && endpointId === undefined) {
      return this.#gaps.open(delivery, gapMs.forPolling);
    }
    // It may have reached only processes without its handler so far, because delivery is random.
    return (
      deferrals >= deferralsByChance && (await this.#others.exist()) && this.#gaps.open(delivery, gapMs.forConsumers)
    );
  }

  async #mayBeHandledElsewhere(): Promise<boolean> {
    const { commands } = this.#options.settings;
    return commands === 'auto' ? this.#others.exist() : commands === 'defer';
  }
}

/** Number of deferrals before this process leaves a gap for other consumers. */
const deferralsByChance = 2;

function unhandledFor(error: unknown, deferrals: number, forMs: number): LittoralError {
  const seconds = Math.round(forMs / 1000);
  const detail = `The message was deferred ${deferrals} times within ${seconds} s, and no process had a handler for it`;
  return new LittoralError('no-handler', detail, { cause: error });
}
