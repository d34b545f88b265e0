import type { HandlerCall, HandlerStage } from '../../endpoint/handler-call.ts';
import type { DeliveryStage } from '../../endpoint/service-endpoint.ts';
import { busExchange } from '../../engine/broker/bus-exchange.ts';
import type { RegisteredHandler } from '../../handler/handler-registry.ts';
import type { MessageHeaders } from '../../message/message-headers.ts';
import { andThen } from '../../promise/maybe-promise.ts';
import { reasonOf } from '../../recovery/dead-letter-reason.ts';
import type { DeliveryOutcome, SettledDelivery } from '../../recovery/delivery-outcome.ts';
import type { HandlerResult } from '../../recovery/handler-result.ts';
import { classOf } from '../../text/error-chain.ts';
import type { CounterSeries } from './counter.ts';
import { destinationName } from './destination-name.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import type { HistogramSeries } from './histogram.ts';
import { sentAtMs } from './sent-at.ts';

/** Maximum number of classes of errors that are labels. Handlers and libraries choose them. */
const mostErrorTypes = 50;

interface HandlerSeries {
  readonly duration: HistogramSeries;
  readonly sentToHandled: HistogramSeries;
}

/** Measures the deliveries of an endpoint, and the calls of its handlers. */
export class HandlingMeasurement {
  readonly #metrics: GatewayMetrics;
  readonly #system: string;
  readonly #destination: string;
  readonly #handled = new WeakMap<RegisteredHandler, HandlerSeries>();
  readonly #outcomes = new Map<DeliveryOutcome, CounterSeries>();
  readonly #errorTypes = new Set<string>();
  readonly #skipped: CounterSeries;
  readonly #deferred: CounterSeries;
  #lastFromBus: MessageHeaders | undefined;

  /** @param queue the queue of the service */
  constructor(metrics: GatewayMetrics, system: string, service: string, queue: string) {
    this.#metrics = metrics;
    this.#system = system;
    this.#destination = destinationName(busExchange, service, queue);
    this.#skipped = metrics.skipped.at();
    this.#deferred = metrics.deferred.at();
  }

  /** The headers of the last message that the bus brought; undefined before the first. */
  get lastFromBus(): MessageHeaders | undefined {
    return this.#lastFromBus;
  }

  /** The stage around each delivery. */
  readonly delivery: DeliveryStage = (delivery, next) => {
    if (delivery.viaBus) this.#lastFromBus = delivery.message.headers;
    return andThen(next(delivery), this.#onSettled);
  };

  /** The stage around each call of a handler. */
  readonly call: HandlerStage<HandlerCall> = (call, next) => {
    const began = performance.now();
    return andThen(next(call), (result) => this.#onResult(call, result, began));
  };

  #onResult(call: HandlerCall, result: HandlerResult, began: number): HandlerResult {
    const { handler, attempt, message } = call;
    if (attempt > 1) this.#metrics.retries.at('instant', handler.definition.routingKey).add();
    if (result.kind === 'handled') {
      const series = this.#seriesOf(handler);
      series.duration.record((performance.now() - began) / 1000);
      const sentMs = sentAtMs(message.headers);
      // Clocks of two machines can differ.
      if (sentMs !== undefined) series.sentToHandled.record(Math.max(0, (Date.now() - sentMs) / 1000));
    } else if (result.kind === 'failed') {
      const seconds = (performance.now() - began) / 1000;
      this.#durationOf(handler, this.#errorTypeOf(result.error)).record(seconds);
    } else if (result.kind === 'duplicate') {
      this.#metrics.duplicates.at(handler.definition.routingKey).add();
    }
    return result;
  }

  #seriesOf(handler: RegisteredHandler): HandlerSeries {
    let series = this.#handled.get(handler);
    if (series === undefined) {
      const sentToHandled = this.#metrics.sentToHandled.at(handler.definition.routingKey);
      series = { duration: this.#durationOf(handler, ''), sentToHandled };
      this.#handled.set(handler, series);
    }
    return series;
  }

  #durationOf({ definition: { routingKey } }: RegisteredHandler, errorType: string): HistogramSeries {
    const { processDuration } = this.#metrics;
    return processDuration.at(this.#system, 'process', 'process', this.#destination, routingKey, errorType);
  }

  readonly #onSettled = (settled: SettledDelivery): SettledDelivery => {
    const { outcome, failures } = settled;
    this.#outcomeSeries(outcome).value += 1;
    if (failures.length > 0) this.#countFailures(settled);
    else if (outcome === 'not for this service') this.#skipped.add();
    return settled;
  };

  #countFailures({ outcome, failures }: SettledDelivery): void {
    const isPublished = outcome === 'retried later' || outcome === 'deferred' || outcome === 'dead letter';
    if (!isPublished) return;
    const { retries, deadLettered, labels } = this.#metrics;
    for (const { endpointId, error, retryAfterMs, deferral, isUncounted } of failures) {
      const label = labels.ofEndpoint(endpointId);
      if (retryAfterMs === undefined) deadLettered.at(reasonOf(error), label).add();
      else if (deferral !== undefined || isUncounted) this.#deferred.add();
      else retries.at('later', label).add();
    }
  }

  #outcomeSeries(outcome: DeliveryOutcome): CounterSeries {
    let series = this.#outcomes.get(outcome);
    if (series === undefined) {
      const name = outcome.replaceAll(' ', '_');
      series = this.#metrics.consumed.at(this.#system, 'process', 'process', this.#destination, name);
      this.#outcomes.set(outcome, series);
    }
    return series;
  }

  #errorTypeOf(error: unknown): string {
    const type = classOf(error);
    if (this.#errorTypes.size < mostErrorTypes) this.#errorTypes.add(type);
    return this.#errorTypes.has(type) ? type : '_OTHER';
  }
}
