import Type, { type Static } from 'typebox';
import type { Routes } from '../bus/service-map.ts';
import type { DateFractions } from '../conversion/date-converter.ts';
import type { MediaTypeConverter } from '../conversion/media-type-converter.ts';
import type { TypeConverter } from '../conversion/type-converter.ts';
import type { DeduplicationStore } from '../deduplication/deduplication-store.ts';
import type { HandlerDefinition } from '../handler/handler-definition.ts';
import { type Retries, RetriesSettings } from '../handler/retries.ts';
import { longestDelayMs } from '../message/limits.ts';
import type { FinalFailureStrategy } from '../recovery/final-failure-strategy.ts';
import type { XmlLists } from '../schema/list-entries.ts';
import type { TargetType } from '../schema/target-type.ts';
import type { UntypedLargeIntegers } from '../schema/untyped-integers.ts';
import type { RegisterServices } from '../scope/service-container.ts';
import { longestTimeoutMs } from '../time/timeout.ts';

const closed = { additionalProperties: false };
const Milliseconds = Type.Integer({ minimum: 1, maximum: longestTimeoutMs });

/** The form of `routes`. */
export const RoutesSettings = Type.Object(
  {
    services: Type.Optional(Type.Record(Type.String(), Type.Object({ queue: Type.String() }, closed))),
    events: Type.Optional(
      Type.Array(
        Type.Object(
          {
            keys: Type.Array(Type.String(), { minItems: 1 }),
            queue: Type.String(),
            except: Type.Optional(Type.Array(Type.String())),
          },
          closed,
        ),
      ),
    ),
  },
  closed,
);

/** The schema of a configuration, as far as a schema can express it. */
export const Settings = Type.Object(
  {
    service: Type.String(),
    channel: Type.Optional(Type.Enum(['in-memory', 'rabbitmq'])),
    concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    maxDecodedBytes: Type.Optional(Type.Integer({ minimum: 1 })),
    defaultSerializationMediaType: Type.Optional(Type.String()),
    allowPhpSerialized: Type.Optional(Type.Boolean()),
    logLevel: Type.Optional(Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])),
    handlerTimeoutMs: Type.Optional(Milliseconds),
    shutdownTimeoutMs: Type.Optional(Milliseconds),
    retries: Type.Optional(RetriesSettings),
    finalFailureStrategy: Type.Optional(Type.Enum(['release', 'resend', 'ignore', 'stop'])),
    unhandled: Type.Optional(
      Type.Object(
        {
          graceMs: Type.Optional(Type.Integer({ minimum: 0, maximum: longestDelayMs })),
          // biome-ignore lint/suspicious/noThenProperty: the name of a setting, in an object that no code awaits
          then: Type.Optional(Type.Enum(['dead-letter', 'ignore'])),
          commands: Type.Optional(Type.Enum(['auto', 'defer', 'dead-letter'])),
        },
        closed,
      ),
    ),
    retiredKeys: Type.Optional(Type.Array(Type.String())),
    broker: Type.Optional(
      Type.Object(
        {
          url: Type.Optional(Type.String()),
          urls: Type.Optional(Type.Array(Type.String())),
          queueType: Type.Optional(Type.Enum(['quorum', 'classic'])),
          queue: Type.Optional(Type.String()),
          caFile: Type.Optional(Type.String({ minLength: 1 })),
          certFile: Type.Optional(Type.String({ minLength: 1 })),
          keyFile: Type.Optional(Type.String({ minLength: 1 })),
          checkDestinations: Type.Optional(Type.Boolean()),
          heartbeatSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 600 })),
          connectTimeoutMs: Type.Optional(Milliseconds),
          confirmTimeoutMs: Type.Optional(Milliseconds),
          maxInFlight: Type.Optional(Type.Integer({ minimum: 1 })),
          maxInFlightBytes: Type.Optional(Type.Integer({ minimum: 1 })),
          maxMessageBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: 536_870_912 })),
          topologyCheckMs: Type.Optional(Milliseconds),
        },
        closed,
      ),
    ),
    routes: Type.Optional(RoutesSettings),
    http: Type.Optional(
      Type.Object(
        {
          host: Type.Optional(Type.String({ minLength: 1 })),
          port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
          bodyLimit: Type.Optional(Type.Integer({ minimum: 1 })),
          maxInFlightBytes: Type.Optional(Type.Integer({ minimum: 1 })),
          minBodyBytesPerSecond: Type.Optional(Type.Integer({ minimum: 1 })),
          maxConnections: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
          allowedHosts: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
          basePath: Type.Optional(Type.String()),
          trustProxy: Type.Optional(Type.Array(Type.String())),
          forwardHeaders: Type.Optional(Type.Record(Type.String(), Type.String({ minLength: 1 }))),
          idempotencyScopeHeader: Type.Optional(Type.String({ minLength: 1 })),
          drainDelayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: longestTimeoutMs })),
          adminToken: Type.Optional(Type.String()),
        },
        closed,
      ),
    ),
    deduplication: Type.Optional(
      Type.Object(
        {
          enabled: Type.Optional(Type.Boolean()),
          windowMs: Type.Optional(Milliseconds),
          maxEntries: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000_000 })),
          store: Type.Optional(Type.Unknown()),
        },
        closed,
      ),
    ),
    handlers: Type.Optional(Type.Unknown()),
    container: Type.Optional(Type.Unknown()),
    configuration: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    converters: Type.Optional(Type.Array(Type.Unknown())),
    types: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    xmlLists: Type.Optional(Type.Enum(['entry', 'repeated'])),
    dateFractions: Type.Optional(Type.Enum(['cut', 'keep'])),
    untypedLargeIntegers: Type.Optional(Type.Enum(['refuse', 'bigint', 'text'])),
  },
  closed,
);

/** The settings of a gateway. Every setting except the name of the service has a default. */
export interface Config {
  /** The name of the service, which names its queue. At most 200 bytes. `SERVICE_NAME` overrides it. */
  service?: string | undefined;
  /**
   * Default: `rabbitmq` with a broker URL, else `in-memory`, where nothing outlives the process. With
   * `NODE_ENV=production` in-memory must be asked for. `CHANNEL` overrides it.
   */
  channel?: 'in-memory' | 'rabbitmq' | undefined;
  /** The connection to RabbitMQ, its queues and its limits. */
  broker?: BrokerConfig | undefined;
  /**
   * Queues that are addressed by name, for services that do not receive through the exchange of the bus:
   * Ecotone's service map. Default: none.
   */
  routes?: Routes | undefined;
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
  /** Media type converters and type converters, asked in this order, before the built-in ones. */
  converters?: readonly (MediaTypeConverter | TypeConverter)[] | undefined;
  /**
   * The types that the header `__TypeId__` may name, each a schema or a class:
   * `{ 'App\\Billing\\PlaceOrder': PlaceOrder }`. The header chooses among the branches of a union that has no
   * discriminator. Default: none.
   */
  types?: Readonly<Record<string, TargetType>> | undefined;
  /**
   * The form in which lists are written in XML: `entry`, which PHP's JMS reads,
   * `<tags><entry>a</entry><entry>b</entry></tags>`, or `repeated`, `<tags>a</tags><tags>b</tags>`. Both are read.
   * Default: `entry`.
   */
  xmlLists?: XmlLists | undefined;
  /**
   * The treatment of the milliseconds of a `Date` that is sent. `cut` drops them, because Ecotone's JMS converter reads
   * `2026-12-01T09:00:00+00:00` and no fraction; `keep` writes those that are not zero. Default: `cut`.
   */
  dateFractions?: DateFractions | undefined;
  /**
   * The treatment of an integer beyond 2^53 in a payload, where no type is declared for it: `refuse` refuses the
   * message, `bigint` and `text` give the handler the integer in that form. Default: `refuse`.
   */
  untypedLargeIntegers?: UntypedLargeIntegers | undefined;
  /** Maximum number of messages that are handled at once. Default: 10. */
  concurrency?: number | undefined;
  /** Protection of distributed handlers from copies of a message. */
  deduplication?: DeduplicationConfig | undefined;
  /**
   * The largest payload, in bytes, that is decoded for a handler or to be converted. Decoding blocks the process, so a
   * larger one is a dead letter at once, or refused over HTTP (413). Bytes that a handler takes as bytes, and messages
   * that are only forwarded, are not decoded. Default: 4 MiB, or `http.bodyLimit` where that is more.
   */
  maxDecodedBytes?: number | undefined;
  /** The media type that `convertAnd…` sends if the caller names none. Default: `application/json`. */
  defaultSerializationMediaType?: string | undefined;
  /**
   * Allows sending `application/x-php-serialized` and similar media types, for HTTP callers too. PHP services call
   * `unserialize` on it, so that a sender can create objects of any class there. Default: false. Reading is always
   * allowed.
   */
  allowPhpSerialized?: boolean | undefined;
  /** `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. Default: `info`. `LOG_LEVEL` overrides it. */
  logLevel?: string | undefined;
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

/**
 * Settings for messages for this service that no handler of this process handles, such as those for another version
 * while a new one is rolled out. Deferred means: published again to the queue of this service alone, after 1 s, then 2
 * s, up to 57 s, until a process handles them.
 */
export interface UnhandledConfig {
  /** Milliseconds for which a message is deferred. 0: not at all. Default: 10 min. */
  graceMs?: number | undefined;
  /** The outcome of an event after that: `dead-letter`, or `ignore`, which acknowledges it. Default: `dead-letter`. */
  then?: 'dead-letter' | 'ignore' | undefined;
  /**
   * The outcome of messages that name one handler: a command, a message for a channel, a retry. `auto` defers them
   * while the queue has other consumers; the only consumer dead-letters them at once. `defer` is for a
   * queue shared with a PHP application, which polls and is therefore not counted. Default: `auto`.
   */
  commands?: 'auto' | 'defer' | 'dead-letter' | undefined;
}

/** The connection to the broker, the queues and the limits. */
export interface BrokerConfig {
  /**
   * `amqp://user:password@host:5672/vhost`, or `amqps://` for TLS. Commas separate the URLs of several nodes of one
   * broker. `AMQP_URL` or `AMQP_URL_FILE` overrides it.
   */
  url?: string | undefined;
  /** A list of URLs, in place of `url`. The nodes are tried in random order. */
  urls?: readonly string[] | undefined;
  /** `classic` shares a service name with an Ecotone application, without protection from poison. Default: `quorum`. */
  queueType?: 'quorum' | 'classic' | undefined;
  /**
   * The queue that is consumed. Other services reach it through the exchange, or by its name in their `routes`.
   * Default: `distributed_<service>`, which Ecotone's bus and the look-up of destinations expect.
   */
  queue?: string | undefined;
  /**
   * A file of certificates to trust in place of those that Node trusts, PEM. Needs `amqps://`. Read for each
   * connection. Default: those that Node trusts. `AMQP_CA_FILE` overrides it.
   */
  caFile?: string | undefined;
  /**
   * A file of the certificate that this process shows to the broker, and of those that lead to its authority, PEM.
   * Needs `amqps://` and `keyFile`. Read for each connection. Where the URL has no user, the certificate logs in
   * (EXTERNAL). Default: none. `AMQP_CERT_FILE` overrides it.
   */
  certFile?: string | undefined;
  /** A file of the private key of that certificate, PEM, not encrypted. Default: none. `AMQP_KEY_FILE` overrides it. */
  keyFile?: string | undefined;
  /** True to look up the queue of a destination before a command is sent to it. Default: true. */
  checkDestinations?: boolean | undefined;
  /** The interval of heartbeats. A connection that is silent for twice as long counts as lost. Default: 5. */
  heartbeatSeconds?: number | undefined;
  /** Milliseconds until an attempt to connect fails. Default: 10 s. */
  connectTimeoutMs?: number | undefined;
  /** Milliseconds after which the outcome of an unconfirmed publish is unknown (504). Default: 10 s. */
  confirmTimeoutMs?: number | undefined;
  /** Maximum number of publishes that wait for their confirm; more are refused (429). Default: 1000. */
  maxInFlight?: number | undefined;
  /** Maximum number of bytes of the bodies of these publishes. Default: 64 MiB. */
  maxInFlightBytes?: number | undefined;
  /**
   * Larger messages are refused, because RabbitMQ would close the channel over them. Default: 16 MiB, as RabbitMQ 4.
   */
  maxMessageBytes?: number | undefined;
  /**
   * Milliseconds between two checks of the exchange, the queues and the bindings of this service, which are declared
   * again if they were deleted. Must be the same on all gateways of a bus. Default: 10 s.
   */
  topologyCheckMs?: number | undefined;
}

/** The HTTP server: its address, its limits, its proxies, and the headers that it takes from requests. */
export interface HttpConfig {
  /** The address to listen on. Default: 127.0.0.1. `HOST` overrides it. */
  host?: string | undefined;
  /** The port to listen on; 0 takes a free one. Default: 3000. `PORT` overrides it. */
  port?: number | undefined;
  /** The largest body in bytes; at most `broker.maxMessageBytes`. Default: 1 MiB. */
  bodyLimit?: number | undefined;
  /**
   * Maximum number of bytes of all request bodies in memory, each from its first byte until its answer; beyond it: 429.
   * At least `bodyLimit`. Default: 32 MiB, or `bodyLimit` if that is larger.
   */
  maxInFlightBytes?: number | undefined;
  /**
   * Minimum pace of a body. It is cut off (408) after ten seconds plus one second for each so many
   * bytes that have arrived. Default: 1024.
   */
  minBodyBytesPerSecond?: number | undefined;
  /**
   * Maximum number of connections, and of requests that wait for their answers. At the limit, a new
   * connection takes the place of one that has been idle for five seconds, or is refused (503). Default: 1000.
   */
  maxConnections?: number | undefined;
  /** Host names, beside those of loopback, under which browsers may reach this gateway. Default: none. */
  allowedHosts?: readonly string[] | undefined;
  /**
   * The path under which a proxy makes this gateway reachable, such as `/gateway`. Links, redirects and the OpenAPI
   * document then begin with it; requests are served with it and without. Default: what a proxy of `trustProxy` sends
   * as `X-Forwarded-Prefix`, else none.
   */
  basePath?: string | undefined;
  /**
   * Addresses or networks of proxies, such as `10.0.0.0/8`, whose `X-Forwarded-Host`, `-Proto` and `-Prefix` are
   * trusted. A program that can send from these addresses can forge the address by which a browser reached this
   * gateway. Default: none.
   */
  trustProxy?: readonly string[] | undefined;
  /**
   * Request headers that become message headers: `{ 'x-tenant-id': 'tenantId' }`. A caller cannot set such a message
   * header in any other way. Default: none.
   */
  forwardHeaders?: Readonly<Record<string, string>> | undefined;
  /**
   * The request header that separates the idempotency keys of several tenants. With it, `Message-Id` is refused,
   * because it could reuse the id of another tenant's message. Default: none, one space for all.
   */
  idempotencyScopeHeader?: string | undefined;
  /**
   * Milliseconds that a shutdown keeps the port open while `/readyz` and every request to send already get 503, so that
   * a load balancer stops sending requests in time; 0 closes it at once. It is a part of `shutdownTimeoutMs`, and must
   * be less. Default: 1 s, at most an eighth of `shutdownTimeoutMs`: a quiet cluster has removed the gateway by then,
   * and Ctrl-C still ends the process soon.
   */
  drainDelayMs?: number | undefined;
  /**
   * The token that requests about dead letters must send, as `Authorization: Bearer …`. At least 16 visible ASCII
   * characters. Default: none; dead letters are then shown on loopback only. `ADMIN_TOKEN` or `ADMIN_TOKEN_FILE`
   * overrides it.
   */
  adminToken?: string | undefined;
}

/**
 * The deduplication of messages: a handler is not called for copies of what it has handled, which arrive after a lost
 * connection, or with a repeated `Idempotency-Key`.
 */
export interface DeduplicationConfig {
  /**
   * Applies to handlers without a `deduplicate` of their own. True: copies are recognised by their message id. False:
   * copies are handled again. Default: true.
   */
  enabled?: boolean | undefined;
  /** Milliseconds for which this process remembers a handled message. Default: 10 min. */
  windowMs?: number | undefined;
  /**
   * Maximum number of entries in its memory: one for each message and handler, about 200 bytes. Beyond it, the oldest
   * entries are dropped before the window ends. Default: 100,000.
   */
  maxEntries?: number | undefined;
  /**
   * A store in place of the memory of this process, so that several processes share it. It has its own window.
   * Default: none.
   */
  store?: DeduplicationStore | undefined;
}

/** Types a configuration file. Returns its argument. */
export function defineConfig(config: Config): Config {
  return config;
}

// The schema and the documented interface must not drift apart.
type Same<A, B> = keyof A extends keyof B ? (keyof B extends keyof A ? true : never) : never;
type SettingsOf<Key extends keyof Static<typeof Settings>> = NonNullable<Static<typeof Settings>[Key]>;
true satisfies Same<Config, Static<typeof Settings>>;
true satisfies Same<BrokerConfig, SettingsOf<'broker'>>;
true satisfies Same<UnhandledConfig, SettingsOf<'unhandled'>>;
true satisfies Same<HttpConfig, SettingsOf<'http'>>;
true satisfies Same<DeduplicationConfig, SettingsOf<'deduplication'>>;
