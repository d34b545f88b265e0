import Type, { type Static } from 'typebox';
import type { Routes } from '../bus/service-map.ts';
import type { HandlerDefinition } from '../handler/handler-definition.ts';
import { type Retries, RetriesSettings } from '../handler/retries.ts';
import type { FinalFailureStrategy } from '../recovery/final-failure-strategy.ts';
import type { RegisterServices } from '../scope/service-container.ts';
import { type ApplicationConfig, ApplicationSchema } from './application-config.ts';
import { type AuthConfig, AuthSchema } from './auth-config.ts';
import { type BrokerConfig, BrokerSchema } from './broker-config.ts';
import { type ConversionConfig, ConversionSchema } from './conversion-config.ts';
import { type DeduplicationConfig, DeduplicationSchema } from './deduplication-config.ts';
import { type HttpConfig, HttpSchema } from './http-config.ts';
import { type LimitConfig, LimitsSchema } from './limits-config.ts';
import { type MetricsConfig, MetricsSchema } from './metrics-config.ts';
import { RoutesSchema } from './routes-config.ts';
import { closed, Milliseconds, type SameSettings } from './setting-types.ts';
import { type UnhandledConfig, UnhandledSchema } from './unhandled-config.ts';

/**
 * The settings of a gateway. Every setting except the name of the service has a default, which `defaults.ts` states.
 * Each section has a file with its interface, its schema and its checks.
 */
export interface Config extends ConversionConfig {
  /** The name of the service, which names its queue. At most 200 bytes. `SERVICE_NAME` overrides it. */
  service?: string | undefined;
  /**
   * Default: `rabbitmq` with a broker URL, else `in-memory`, where nothing outlives the process. With
   * `NODE_ENV=production` in-memory must be set explicitly. `CHANNEL` overrides it.
   */
  channel?: 'in-memory' | 'rabbitmq' | undefined;
  /** The connection to RabbitMQ, its queues and its limits. */
  broker?: BrokerConfig | undefined;
  /**
   * Queues that are addressed by name, for services that do not receive through the exchange of the bus:
   * Ecotone's service map. Default: none.
   */
  routes?: Routes | undefined;
  /**
   * An application in any language, beside the gateway, which receives the messages of this service. Default: none;
   * `handlers` receive.
   */
  application?: ApplicationConfig | undefined;
  /**
   * The callers that may use the gateway over HTTP, or `none` to allow every program that can reach it. Default: as
   * `none`; on an address other than loopback, the gateway then logs a warning, or with `NODE_ENV=production` refuses
   * to start. `AUTH=none` sets `none`.
   */
  auth?: AuthConfig | 'none' | undefined;
  /**
   * Limits on what callers send, in messages or in bytes. A request must fit into all of them. They never limit health,
   * metrics and the management listener. Default: none.
   */
  limits?: readonly LimitConfig[] | undefined;
  /** The HTTP server: its address, its limits and its proxies. */
  http?: HttpConfig | undefined;
  /**
   * Handlers from `defineCommandHandler` and `defineEventHandler`; or a pattern of the files that export them, such as
   * `./handlers/**\/*.ts`, relative to the configuration file; or a list of both. See `loadHandlers`. Default: none;
   * the gateway then only sends.
   */
  handlers?: string | readonly (HandlerDefinition | string)[] | undefined;
  /**
   * Registers the services that handlers ask for, in an awilix container: singletons live as long as the process,
   * scoped ones as long as the call of a handler. Default: none beside littoral's own.
   */
  container?: RegisterServices | undefined;
  /** Configuration variables, for `configurationVariable(…)` and for `parameter('…')` in expressions. Default: none. */
  configuration?: Readonly<Record<string, unknown>> | undefined;
  /** Maximum number of messages that are handled at once. Default: 10. */
  concurrency?: number | undefined;
  /** Protection of distributed handlers from copies of a message. */
  deduplication?: DeduplicationConfig | undefined;
  /** `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. Default: `info`. `LOG_LEVEL` overrides it. */
  logLevel?: string | undefined;
  /** The metrics, and the routing keys that get a label value of their own. */
  metrics?: MetricsConfig | undefined;
  /**
   * Milliseconds after which a handler counts as failed. It must be well below the broker's `consumer_timeout`, which
   * is 30 min. A handler can override it. Default: 5 min.
   */
  handlerTimeoutMs?: number | undefined;
  /** The retries of a failed handler. A handler can override them. Default: after 1, 10 and 100 s. */
  retries?: Retries | undefined;
  /**
   * The outcome of a failed message that can be neither retried nor dead-lettered. Default: `release`, which requeues
   * it.
   */
  finalFailureStrategy?: FinalFailureStrategy | undefined;
  /** Settings for messages that no handler of this process handles. */
  unhandled?: UnhandledConfig | undefined;
  /**
   * Keys of events that no version of this service handles any more, patterns as in handlers: the queue is unbound from
   * them at each start. Must not contain a key of a distributed handler. Default: none.
   */
  retiredKeys?: readonly string[] | undefined;
  /**
   * Milliseconds that a shutdown waits for unfinished requests and deliveries, `http.drainDelayMs` included. Closing
   * takes up to a second more. Default: 8 s, within the 10 s that a container gets.
   */
  shutdownTimeoutMs?: number | undefined;
}

/** The schema of the sections. */
const sections = {
  broker: Type.Optional(BrokerSchema),
  http: Type.Optional(HttpSchema),
  // The text `none` is checked elsewhere, because a union would report its issues as one.
  auth: Type.Optional(AuthSchema),
  limits: Type.Optional(LimitsSchema),
  routes: Type.Optional(RoutesSchema),
  application: Type.Optional(ApplicationSchema),
  retries: Type.Optional(RetriesSettings),
  unhandled: Type.Optional(UnhandledSchema),
  deduplication: Type.Optional(DeduplicationSchema),
  metrics: Type.Optional(MetricsSchema),
};

/** The schema of a configuration, as far as a schema can express it. */
export const ConfigSchema = Type.Object(
  {
    service: Type.String(),
    channel: Type.Optional(Type.Enum(['in-memory', 'rabbitmq'])),
    ...sections,
    ...ConversionSchema.properties,
    handlers: Type.Optional(Type.Unknown()),
    container: Type.Optional(Type.Unknown()),
    configuration: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    logLevel: Type.Optional(Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])),
    handlerTimeoutMs: Type.Optional(Milliseconds),
    finalFailureStrategy: Type.Optional(Type.Enum(['release', 'resend', 'ignore', 'stop'])),
    retiredKeys: Type.Optional(Type.Array(Type.String())),
    shutdownTimeoutMs: Type.Optional(Milliseconds),
  },
  closed,
);

// The interface takes any text as a log level, because it often comes from a variable.
type Different = 'logLevel' | 'auth';
true satisfies SameSettings<Omit<Config, Different>, Omit<Static<typeof ConfigSchema>, Different>>;

/** Types a configuration file. Returns its argument. */
export function defineConfig(config: Config): Config {
  return config;
}
