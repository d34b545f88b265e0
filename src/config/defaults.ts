import { serviceQueue } from '../wire/service-queue.ts';
import type { ApplicationConfig, HealthConfig } from './application-config.ts';
import type { Config } from './config.ts';

const MiB = 1024 * 1024;
const second = 1_000;
const minute = 60 * second;

/** A health check has no default for its path. */
type Defaults = Omit<Config, 'application'> & {
  readonly application: Omit<ApplicationConfig, 'health'> & { readonly health: Partial<HealthConfig> };
};

/**
 * The default of each setting, in milliseconds and bytes. Nothing else states one: engines and endpoints get all their
 * settings. Where a default depends on other settings, `dependentDefaults` adjusts it.
 */
export const defaults = {
  concurrency: 10,
  logLevel: 'info',
  handlerTimeoutMs: 5 * minute,
  shutdownTimeoutMs: 8 * second,
  finalFailureStrategy: 'release',
  retiredKeys: [],
  handlers: [],
  configuration: {},
  routes: {},
  converters: [],
  types: {},
  maxDecodedBytes: 4 * MiB,
  defaultSerializationMediaType: 'application/json',
  allowPhpSerialized: false,
  xmlLists: 'entry',
  dateFractions: 'cut',
  untypedLargeIntegers: 'refuse',
  broker: {
    queueType: 'quorum',
    checkDestinations: true,
    heartbeatSeconds: 5,
    connectTimeoutMs: 10 * second,
    confirmTimeoutMs: 10 * second,
    maxInFlight: 1000,
    maxInFlightBytes: 64 * MiB,
    maxMessageBytes: 16 * MiB,
    topologyCheckMs: 10 * second,
  },
  application: {
    format: 'message',
    timeoutMs: 30 * second,
    connectTimeoutMs: 5 * second,
    holdMs: 60 * second,
    pull: false,
    leaseMs: 60 * second,
    longestLeaseMs: 10 * minute,
    health: { intervalMs: 5 * second, timeoutMs: second, threshold: 3 },
  },
  http: {
    host: '127.0.0.1',
    port: 3000,
    bodyLimit: MiB,
    batchBodyLimit: 16 * MiB,
    batchMaxEntries: 10_000,
    maxStreams: 100,
    maxInFlightBytes: 32 * MiB,
    minBodyBytesPerSecond: 1024,
    maxConnections: 1000,
    allowedHosts: [],
    basePath: '',
    trustProxy: [],
    forwardHeaders: {},
    drainDelayMs: second,
  },
  retries: {
    maxAttempts: 3,
    initialDelayMs: second,
    multiplier: 10,
    maxDelayMs: 60 * minute,
    jitter: 0,
    instant: { maxAttempts: 0 },
  },
  unhandled: {
    graceMs: 10 * minute,
    // biome-ignore lint/suspicious/noThenProperty: the name of the setting; its value is a string, which `await` does not call
    then: 'dead-letter',
    commands: 'auto',
  },
  metrics: {
    enabled: true,
    keys: [],
  },
  deduplication: {
    enabled: true,
    windowMs: 10 * minute,
    maxEntries: 100_000,
  },
} as const satisfies Defaults;

/** The defaults of the management listener. */
export const managementDefaults = { host: '127.0.0.1', tls: false } as const;

/** The defaults that differ for an application that pulls its messages. */
export const pullDefaults = { holdMs: 10 * second, concurrency: 100 } as const;

/** Returns the defaults that depend on other settings, for settings without issues. */
export function dependentDefaults({ service = '', broker, application, http, shutdownTimeoutMs }: Config) {
  const bodyLimit = http?.bodyLimit ?? defaults.http.bodyLimit;
  // A small `maxInFlightBytes` lowers the default of `batchBodyLimit`.
  const batchBytes = Math.min(defaults.http.batchBodyLimit, http?.maxInFlightBytes ?? Number.POSITIVE_INFINITY);
  const dependentBatchLimit = Math.max(batchBytes, bodyLimit);
  const shutdownMs = shutdownTimeoutMs ?? defaults.shutdownTimeoutMs;
  return {
    // A message that is leased takes a place, and no work of this process.
    concurrency: application?.pull === true ? pullDefaults.concurrency : defaults.concurrency,
    channel: (broker?.urls ?? broker?.url) ? 'rabbitmq' : 'in-memory',
    maxDecodedBytes: Math.max(defaults.maxDecodedBytes, bodyLimit),
    broker: { queue: serviceQueue(service) },
    http: {
      batchBodyLimit: dependentBatchLimit,
      maxInFlightBytes: Math.max(
        defaults.http.maxInFlightBytes,
        bodyLimit,
        http?.batchBodyLimit ?? dependentBatchLimit,
      ),
      drainDelayMs: Math.min(defaults.http.drainDelayMs, Math.floor(shutdownMs / 8)),
    },
  } as const satisfies Config;
}
