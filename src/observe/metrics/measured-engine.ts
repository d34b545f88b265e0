import { busExchange } from '../../engine/broker/bus-exchange.ts';
import type { BrowseOptions } from '../../engine/browsing.ts';
import type { Subscription } from '../../engine/delivery.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Address, Publication, PublishReceipt } from '../../engine/publication.ts';
import { isLittoralError } from '../../errors.ts';
import type { CounterSeries } from './counter.ts';
import { destinationName } from './destination-name.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import type { HistogramSeries } from './histogram.ts';
import { other } from './series-map.ts';

interface PublishSeries {
  readonly sent: CounterSeries;
  readonly duration: HistogramSeries;
}

/** Maximum number of keys whose series are kept. Callers choose the keys. */
const mostKeptKeys = 1_000;

/** An engine whose publishes are counted and timed. It passes on everything else. */
export class MeasuredEngine implements Engine {
  readonly #engine: Engine;
  readonly #metrics: GatewayMetrics;
  /** The queues of this service, whose names are labels. */
  readonly #ownQueues: ReadonlySet<string>;
  /** The series of publishes that succeeded, by key on the bus. */
  readonly #byKey = new Map<string, PublishSeries>();
  readonly #byQueue = new Map<string, PublishSeries>();

  constructor(engine: Engine, metrics: GatewayMetrics, ownQueues: readonly string[]) {
    this.#engine = engine;
    this.#metrics = metrics;
    this.#ownQueues = new Set(ownQueues);
  }

  publish(publication: Publication): Promise<PublishReceipt> {
    const began = performance.now();
    const publishing = this.#engine.publish(publication);
    publishing.then(
      () => record(this.#seriesOf(publication.to), began),
      (error) => record(this.#series(publication.to, isLittoralError(error) ? error.code : '_OTHER'), began),
    );
    return publishing;
  }

  #seriesOf(to: Address): PublishSeries {
    const isOnBus = 'bus' in to;
    const name = isOnBus ? to.bus : to.queue;
    const kept = isOnBus ? this.#byKey : this.#byQueue;
    let series = kept.get(name);
    if (series === undefined) {
      series = this.#series(to, '');
      if (kept.size < mostKeptKeys) kept.set(name, series);
    }
    return series;
  }

  #series(to: Address, errorType: string): PublishSeries {
    const values = [this.#engine.name, 'send', 'send', this.#labelOf(to), errorType];
    return { sent: this.#metrics.sent.at(...values), duration: this.#metrics.sendDuration.at(...values) };
  }

  #labelOf(to: Address): string {
    if (!('bus' in to)) return this.#ownQueues.has(to.queue) ? to.queue : other;
    const label = this.#metrics.labels.of(to.bus);
    return label === other ? other : destinationName(busExchange, label);
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

function record({ sent, duration }: PublishSeries, began: number): void {
  sent.value += 1;
  duration.record((performance.now() - began) / 1000);
}
