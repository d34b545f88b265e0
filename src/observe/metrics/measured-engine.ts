import { busExchange } from '../../engine/broker/bus-exchange.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Address, Publication, PublishReceipt } from '../../engine/publication.ts';
import { WrappedEngine } from '../../engine/wrapped-engine.ts';
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

/** An engine whose publishes are counted and timed. */
export class MeasuredEngine extends WrappedEngine {
  readonly #metrics: GatewayMetrics;
  /** The queues of this service, whose names are labels. */
  readonly #ownQueues: ReadonlySet<string>;
  /** The series of publishes that succeeded, by key on the bus. */
  readonly #byKey = new Map<string, PublishSeries>();
  readonly #byQueue = new Map<string, PublishSeries>();

  constructor(engine: Engine, metrics: GatewayMetrics, ownQueues: readonly string[]) {
    super(engine);
    this.#metrics = metrics;
    this.#ownQueues = new Set(ownQueues);
  }

  override publish(publication: Publication): Promise<PublishReceipt> {
    const began = performance.now();
    const publishing = super.publish(publication);
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
    const values = [this.name, 'send', 'send', this.#labelOf(to), errorType];
    return { sent: this.#metrics.sent.at(...values), duration: this.#metrics.sendDuration.at(...values) };
  }

  #labelOf(to: Address): string {
    if (!('bus' in to)) return this.#ownQueues.has(to.queue) ? to.queue : other;
    const label = this.#metrics.labels.of(to.bus);
    return label === other ? other : destinationName(busExchange, label);
  }
}

function record({ sent, duration }: PublishSeries, began: number): void {
  sent.value += 1;
  duration.record((performance.now() - began) / 1000);
}
