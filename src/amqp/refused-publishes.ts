import type { Logger } from '../logger.ts';
import { type PublishRefusal, type Route, refusedPublish } from './publish-refusal.ts';

/** A refusal, and when the broker is asked again. */
interface Refused {
  readonly refusal: PublishRefusal;
  readonly untilMs: number;
}

/** A permission that was granted works after this time at the latest. */
export const refusedForMs = 10_000;
/** The broker's limit changes by its configuration alone. */
const sizeRefusedForMs = 60_000;

const maxRemembered = 10_000;
/** Callers choose the keys, so a log line for each would have no bound. */
const maxLogged = 100;

/** Remembers for a while what RabbitMQ refuses, so that asking again costs nothing. */
export class RefusedPublishes {
  readonly #logger: Logger;
  readonly #refused = new Map<string, Refused>();
  #size: Refused | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @throws LittoralError the refusal of a publish that is remembered */
  assertNone(scope: string, route: Route, bytes: number): void {
    const nowMs = performance.now();
    const size = this.#size;
    if (size !== undefined && bytes > (size.refusal.maxBytes ?? 0) && nowMs < size.untilMs) {
      throw refusedPublish(size.refusal, route, bytes);
    }
    const refused = this.#refused.get(scope);
    if (refused !== undefined && nowMs < refused.untilMs) throw refusedPublish(refused.refusal, route, bytes);
  }

  /** Remembers the refusal of a key or an exchange. */
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

  /** Remembers that the broker refuses larger bodies. */
  rememberSize(refusal: PublishRefusal): void {
    this.#size = { refusal, untilMs: performance.now() + sizeRefusedForMs };
  }

  forgetSize(): void {
    this.#size = undefined;
  }
}
