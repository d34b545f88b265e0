import type { MetricDescription } from './metric.ts';

// Names, units, attributes and buckets are those of OpenTelemetry's semantic conventions where there are some: 1.44,
// "Messaging Metrics", "HTTP Metrics", "Node.js Runtime Metrics" and "Process Metrics". Others begin with `littoral`.

const callBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const waitBounds = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400];

const operation = ['messaging.system', 'messaging.operation.name', 'messaging.operation.type'] as const;
const destination = 'messaging.destination.name';
const key = 'littoral.routing_key';

/** Every metric of a gateway. */
export const metricTable = {
  sent: {
    name: 'messaging.client.sent.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Number of publishes, retries, dead letters and failed publishes included',
    attributes: [...operation, destination, 'error.type'],
  },
  sendDuration: {
    name: 'messaging.client.operation.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Time from the call of a publish to the confirm of the broker',
    attributes: [...operation, destination, 'error.type'],
    bounds: callBounds,
  },
  consumed: {
    name: 'messaging.client.consumed.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Number of deliveries by their outcome',
    attributes: [...operation, destination, 'littoral.outcome'],
  },
  processDuration: {
    name: 'messaging.process.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Time of a call of a handler',
    attributes: [...operation, destination, key, 'error.type'],
    bounds: callBounds,
  },
  sentToHandled: {
    name: 'littoral.sent_to_handled.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Time from the sending of a message to its successful handling, delays and retries included',
    attributes: [key],
    bounds: waitBounds,
  },
  retries: {
    name: 'littoral.retries',
    kind: 'counter',
    unit: '{call}',
    description: 'Number of repeated calls of handlers: at once, or scheduled for later',
    attributes: ['littoral.retry', key],
  },
  deadLettered: {
    name: 'littoral.dead_lettered.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Number of messages that this process has dead-lettered',
    attributes: ['littoral.reason', key],
  },
  duplicates: {
    name: 'littoral.duplicates',
    kind: 'counter',
    unit: '{message}',
    description: 'Number of skipped calls of handlers, because the message was a copy',
    attributes: [key],
  },
  skipped: {
    name: 'littoral.skipped.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Number of messages that a wide binding routed here, and that are not for this service',
    attributes: [],
  },
  deferred: {
    name: 'littoral.deferred.messages',
    kind: 'counter',
    unit: '{message}',
    description: 'Number of deferrals of messages without a handler here, or with an application that is away',
    attributes: [],
  },
  requestDuration: {
    name: 'http.server.request.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Time from a request to its answer',
    attributes: ['http.request.method', 'http.route', 'http.response.status_code', 'error.type', 'url.scheme'],
    bounds: callBounds,
  },
  clientDuration: {
    name: 'http.client.request.duration',
    kind: 'histogram',
    unit: 's',
    description: 'Time from a request to an application to its complete answer',
    attributes: [
      ...['http.request.method', 'server.address', 'server.port'],
      ...['http.response.status_code', 'error.type', 'url.scheme'],
    ],
    bounds: callBounds,
  },
  inFlight: {
    name: 'littoral.publishes.in_flight',
    kind: 'gauge',
    unit: '{message}',
    description: 'Number of messages that wait for the confirm of the broker',
    attributes: [],
  },
  inFlightBytes: {
    name: 'littoral.publishes.in_flight.size',
    kind: 'gauge',
    unit: 'By',
    description: 'Size of the bodies that wait for the confirm of the broker',
    attributes: [],
  },
  unacknowledged: {
    name: 'littoral.unacknowledged.messages',
    kind: 'gauge',
    unit: '{message}',
    description: 'Number of deliveries that this process has not settled',
    attributes: [],
  },
  ready: {
    name: 'littoral.queue.ready',
    kind: 'gauge',
    unit: '{message}',
    description: 'Number of messages that wait in the queue of the service, read from the broker at most every 5 s',
    attributes: [destination],
  },
  oldest: {
    name: 'littoral.queue.oldest.age',
    kind: 'gauge',
    unit: 's',
    description: 'Upper bound of the age of the oldest message in the queue, from the last delivered message',
    attributes: [destination],
  },
  deadLetters: {
    name: 'littoral.dead_letters',
    kind: 'gauge',
    unit: '{message}',
    description: 'Number of messages in the dead letter queue, read from the broker at most every 5 s',
    attributes: [destination],
  },
  connected: {
    name: 'littoral.broker.connected',
    kind: 'gauge',
    unit: '',
    description: '1 if the connection to the broker can be used, else 0',
    attributes: ['littoral.role'],
  },
  blocked: {
    name: 'littoral.broker.blocked',
    kind: 'gauge',
    unit: '',
    description: '1 if the broker blocks the connection, because it lacks memory or disk, else 0',
    attributes: ['littoral.role'],
  },
  gatewayReady: {
    name: 'littoral.ready',
    kind: 'gauge',
    unit: '',
    description: '1 if the gateway is ready, as in /readyz, else 0',
    attributes: [],
  },
  consuming: {
    name: 'littoral.consuming',
    kind: 'gauge',
    unit: '',
    description: '1 if this process receives messages, else 0',
    attributes: [],
  },
  deferredKeys: {
    name: 'littoral.deferred.keys',
    kind: 'gauge',
    unit: '{key}',
    description: 'Number of routing keys whose messages are deferred at the moment, at most 100',
    attributes: [],
  },
  application: {
    name: 'littoral.application.state',
    kind: 'gauge',
    unit: '',
    description: '1 for the present state of an application, 0 for its other states',
    attributes: ['server.address', 'littoral.state'],
  },
  droppedLines: {
    name: 'littoral.log.dropped',
    kind: 'counter',
    unit: '{line}',
    description: 'Number of log lines that were dropped, because standard output did not take them',
    attributes: [],
  },
  loopDelayMean: loopDelay('mean', 'Mean'),
  loopDelayP50: loopDelay('p50', 'Median'),
  loopDelayP99: loopDelay('p99', '99th percentile'),
  loopDelayMax: loopDelay('max', 'Maximum'),
  cpuTime: {
    name: 'process.cpu.time',
    kind: 'counter',
    unit: 's',
    description: 'CPU time of the process',
    attributes: ['cpu.mode'],
  },
  memory: {
    name: 'process.memory.usage',
    kind: 'gauge',
    unit: 'By',
    description: 'Physical memory of the process',
    attributes: [],
  },
} as const satisfies Readonly<Record<string, MetricDescription>>;

function loopDelay<Name extends string>(name: Name, what: string) {
  return {
    name: `nodejs.eventloop.delay.${name}`,
    kind: 'gauge',
    unit: 's',
    description: `${what} of the delays of the event loop since the previous reading`,
    attributes: [],
  } as const;
}

export type MetricName = keyof typeof metricTable;
