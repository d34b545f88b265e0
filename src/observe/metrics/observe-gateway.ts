import type { ServiceEndpoint } from '../../endpoint/service-endpoint.ts';
import type { Engine } from '../../engine/engine.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import type { GaugeValue } from './gauge.ts';
import type { HandlingMeasurement } from './handling-measurement.ts';
import { QueueAge } from './queue-age.ts';
import { QueueDepths } from './queue-depths.ts';
import { sentAtMs } from './sent-at.ts';

/** An application as far as its state is a metric. */
interface ObservedApplication {
  readonly url: string;
  readonly state: string;
}

export interface ObservedGateway {
  readonly channel: Engine;
  readonly endpoint: Pick<ServiceEndpoint, 'unacknowledged' | 'consuming' | 'deferredKeys'>;
  /** The queue of the service, and that of its dead letters. */
  readonly queue: string;
  readonly deadLetterQueue: string;
  readonly handling: HandlingMeasurement;
  readonly isReady: () => boolean;
  readonly applications: () => readonly ObservedApplication[];
  readonly droppedLines: () => number;
}

const applicationStates = ['up', 'slowed', 'away'];

/** Adds the metrics that are read from the parts of a gateway. */
export function observeGateway(metrics: GatewayMetrics, gateway: ObservedGateway): void {
  const { channel, endpoint, queue, deadLetterQueue, handling } = gateway;
  const status = () => channel.status();
  metrics.observe('inFlight', () => [[status().inFlight]]);
  metrics.observe('inFlightBytes', () => [[status().inFlightBytes]]);
  metrics.observe('connected', () => status().connections.map(({ role, isConnected }) => [Number(isConnected), role]));
  metrics.observe('blocked', () => status().connections.map(({ role, isBlocked }) => [Number(isBlocked), role]));
  metrics.observe('unacknowledged', () => [[endpoint.unacknowledged.length]]);
  metrics.observe('consuming', () => [[Number(endpoint.consuming)]]);
  metrics.observe('deferredKeys', () => [[endpoint.deferredKeys().length]]);
  metrics.observe('gatewayReady', () => [[Number(gateway.isReady())]]);
  metrics.observe('droppedLines', () => [[gateway.droppedLines()]]);
  metrics.observe('application', () => gateway.applications().flatMap(statesOf));

  const depths = new QueueDepths([queue, deadLetterQueue], (name) => channel.countWaiting(name));
  const age = new QueueAge();
  metrics.beforeReading(() => depths.refresh());
  metrics.observe('ready', () => [[depths.of(queue), queue]]);
  metrics.observe('deadLetters', () => [[depths.of(deadLetterQueue), deadLetterQueue]]);
  metrics.observe('oldest', () => {
    const last = handling.lastFromBus;
    return [[age.seconds(depths.of(queue), last && sentAtMs(last)), queue]];
  });
}

/** The host alone: a path can contain a secret. */
function statesOf({ url, state }: ObservedApplication): GaugeValue[] {
  const { host } = new URL(url);
  return applicationStates.map((name): GaugeValue => [Number(name === state), host, name]);
}
