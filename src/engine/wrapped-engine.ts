import type { BrowseOptions } from './browsing.ts';
import type { Subscription } from './delivery.ts';
import type { Engine } from './engine.ts';
import type { Address, Publication, PublishReceipt } from './publication.ts';

/** An engine that forwards every call to another engine. A subclass changes some of the calls. */
export class WrappedEngine implements Engine {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  publish(publication: Publication): Promise<PublishReceipt> {
    return this.#engine.publish(publication);
  }

  get name() {
    return this.#engine.name;
  }

  get durable() {
    return this.#engine.durable;
  }

  get features() {
    return this.#engine.features;
  }

  start() {
    return this.#engine.start();
  }

  health() {
    return this.#engine.health();
  }

  status() {
    return this.#engine.status();
  }

  countWaiting(queue: string) {
    return this.#engine.countWaiting(queue);
  }

  close(deadlineMs: number) {
    return this.#engine.close(deadlineMs);
  }

  hasRoomFor(count: number, bytes: number) {
    return this.#engine.hasRoomFor(count, bytes);
  }

  publishesAtOnce(to: Address, bytes: number) {
    return this.#engine.publishesAtOnce(to, bytes);
  }

  roomMade() {
    return this.#engine.roomMade();
  }

  hasQueue(queue: string) {
    return this.#engine.hasQueue(queue);
  }

  subscribe(subscription: Subscription) {
    return this.#engine.subscribe(subscription);
  }

  keyMatcher(bindingKeys: readonly string[]) {
    return this.#engine.keyMatcher(bindingKeys);
  }

  browse(queue: string, browsing: BrowseOptions) {
    return this.#engine.browse(queue, browsing);
  }
}
