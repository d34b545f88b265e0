import type { Logger } from '../../../logger.ts';
import { type PublishRefusal, type Route, refusedPublish } from './publish-refusal.ts';

/** A cached refusal, with the time at which it expires. */
interface Refused {
  readonly refusal: PublishRefusal;
  readonly untilMs: number;
}

/** Time after which a newly granted permission takes effect at the latest. */
export const refusedForMs = 10_000;
/** Cache time for a size refusal: the limit changes only with the broker's configuration. */
const sizeRefusedForMs = 60_000;

const maxRemembered = 10_000;
/** Maximum number of logged refusals. Callers choose the keys, so one line for each key would be unbounded. */
const maxLogged = 100;

/** A cache of RabbitMQ's refusals, so that a repeated publish needs no new probe. */
export class RefusedPublishes {
  readonly #logger: Logger;
  readonly #refused = new Map<string, Refused>();
  #size: Refused | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Throws the cached refusal of a publish, if there is one. @throws LittoralError the refusal */
  assertNone(scope: string, route: Route, bytes: number): void {
    const nowMs = performance.now();
    const size = this.#size;
    if (size !== undefined && bytes > (size.refusal.maxBytes ?? 0) && nowMs < size.untilMs) {
      throw refusedPublish(size.refusal, route, bytes);
    }
    const refused = this.#refused.get(scope);
    if (refused !== undefined && nowMs < refused.untilMs) throw refusedPublish(refused.refusal, route, bytes);
  }

  /** Caches the refusal of a key or an exchange. */
  remember(scope: string, { exchange, routingKey }: Route, refusal: PublishRefusal): void {
    const isNew = !this.#refused.delete(scope);
    if (isNew && this.#refused.size < maxLogged) {
      this.#logger.warn({ exchange, routingKey, reason: refusal.text }, 'broker user may not publish');
    }
    const [oldest] = this.#refused.keys();
    if (this.#refused.size >= maxRemembered && oldest !== undefined) this.#refused.delete(oldest);
    this.#refused.set(scope, { refusal, untilMs: performance.now() + refusedForMs });
  }

  forget(scope: string): void {
    this.#refused.delete(scope);
  }

  /** Caches the size limit of the broker. */
  rememberSize(refusal: PublishRefusal): void {
    this.#size = { refusal, untilMs: performance.now() + sizeRefusedForMs };
  }

  forgetSize(): void {
    this.#size = undefined;
  }
}
