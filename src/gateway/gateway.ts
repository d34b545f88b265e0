import type { FastifyInstance } from 'fastify';
import type { CommandBus } from '../bus/command-bus.ts';
import type { DistributedBus } from '../bus/distributed-bus.ts';
import type { EventBus } from '../bus/event-bus.ts';
import type { Config } from '../config/config.ts';
import { type Environment, type ResolvedConfig, resolveConfig } from '../config/resolve.ts';
import { describeEndpoint } from '../endpoint/endpoint-description.ts';
import { Access, type AccessOptions } from '../http/auth/access.ts';
import { BatchRoom } from '../http/entries/batch-room.ts';
import { Limits } from '../http/limits/limits.ts';
import { OpenStreams } from '../http/stream/open-streams.ts';
import { createLogger, droppedLogLines, type Logger, levelReload } from '../logger.ts';
import { traceFields } from '../observe/trace/load-tracing.ts';
import { type Components, createComponents } from './components.ts';
import { ConfigReload, type ReloadOutcome } from './config-reload.ts';
import { createListeners } from './listeners.ts';
import { observeParts } from './metrics-components.ts';
import { checkOpenPort } from './open-port.ts';
import { createShutdown } from './shutdown.ts';

/** Options of `createGateway`. */
export interface GatewayOptions {
  /** Environment variables that override the configuration. Default: those of the process. */
  readonly environment?: Environment;
  /** Default: pino to standard output, at the configured level. */
  readonly logger?: Logger;
  /** True if this process receives as well as sends. Default: true. */
  readonly consume?: boolean;
}

/** A gateway inside a process. */
export interface Gateway {
  /** The configuration that applies, with its defaults and the environment variables. A reload replaces it. */
  readonly config: ResolvedConfig;
  /** The logger of the process. */
  readonly logger: Logger;
  /** The HTTP server. `inject` calls it without a port. */
  readonly app: FastifyInstance;
  /** The server for operators; undefined without `http.management`, where `app` has their routes. */
  readonly management: FastifyInstance | undefined;
  /** Sends commands, events and messages to other services. */
  readonly distributedBus: DistributedBus;
  /** Sends commands to their handlers in this process. */
  readonly commandBus: CommandBus;
  /** Publishes events to their handlers in this process. */
  readonly eventBus: EventBus;
  /** The port to the broker. */
  readonly channel: Components['channel'];
  /** The metrics; undefined with `metrics.enabled: false`. */
  readonly metrics: Components['metrics'];
  /**
   * Connects and begins to receive. Without a broker it resolves all the same, and connects when there is one. Once
   * only: what is running or was stopped is not started again.
   *
   * @throws LittoralError `topology-mismatch` when the service's queue exists with other arguments
   */
  start(): Promise<void>;
  /**
   * Applies a new configuration as far as it can change while the gateway runs: the log level, keys and grants, limits,
   * and the admin token. The environment variables override it as they did at first.
   *
   * @returns the settings that changed, and those that need a restart
   * @throws LittoralError `invalid-configuration` with every issue; nothing has changed then
   */
  reload(config: Config): ReloadOutcome;
  /** The ids of the messages whose handlers have not finished. */
  unacknowledged(): readonly unknown[];
  /** Listens for HTTP. @returns the address of `app` */
  listen(): Promise<string>;
  /**
   * Stops receiving, finishes unacknowledged deliveries within `shutdownTimeoutMs`, requeues the rest, and closes,
   * which takes up to a second more. If it listens, the port stays open for `http.drainDelayMs` first. A second call
   * waits for the first.
   */
  stop(): Promise<void>;
}

/**
 * Creates a gateway: an HTTP server that sends, and a consumer that calls the handlers. Nothing happens before `start`.
 *
 * @throws LittoralError `invalid-configuration`, `invalid-handlers` with every issue at once
 */
export function createGateway(config: Config, options: GatewayOptions = {}): Gateway {
  const environment = options.environment ?? process.env;
  const resolved = resolveConfig(config, environment);
  const logger =
    options.logger ?? createLogger(resolved.logLevel, { service: resolved.service, context: traceFields() });
  return assembleGateway(createComponents(resolved, logger), options.consume, environment);
}

/** Creates the access control of a gateway; undefined for a configuration that admits every caller. */
export function createAccess(
  { config: { auth, http }, logger }: Pick<Components, 'config' | 'logger'>,
  options: Pick<AccessOptions, 'certificateNames'> = {},
): Access | undefined {
  if (auth === undefined || auth === 'none') return undefined;
  return new Access(auth, { ...options, logger, adminToken: http.adminToken });
}

/**
 * Assembles a gateway from its components.
 *
 * @param consume whether it receives as well as sends
 * @param environment the variables that override the configuration
 * @param access default: as the configuration says
 */
export function assembleGateway(
  components: Components,
  consume = true,
  environment: Environment = {},
  access = createAccess(components),
): Gateway {
  const { config: resolved, logger, channel, distributedBus, commandBus, eventBus, endpoint, forwarder } = components;
  const { conversion, registry, services, deadLetterOutlet, deadLetters } = components;
  const { applications, discovery, parentMessages, metrics } = components;
  let state: 'new' | 'running' | 'draining' = 'new';

  const unreadiness = () => {
    if (state === 'draining') return ['shutting down'];
    const reasons = [channel.health().reason, endpoint.detached, endpoint.stalled, forwarder.detached];
    // One cause usually ends all of them.
    return [...new Set(reasons.filter((reason) => reason !== undefined))];
  };
  const warnings = () => {
    const dropped = droppedLogLines();
    const ofLog = dropped > 0 ? `log lines were dropped, as standard output did not take them: ${dropped}` : undefined;
    const ofFailed = [deadLetterOutlet.problem, endpoint.warning, forwarder.warning];
    return [channel.health().warning, ...ofFailed, ofLog].filter((warning) => warning !== undefined);
  };
  observeParts({
    ...components,
    isReady: () => unreadiness().length === 0,
    applications: () => applications.describe(),
  });
  const { forwardHeaders, idempotencyScopeHeader } = resolved.http;
  const limits = resolved.limits && new Limits(resolved.limits, { access });
  const listeners = createListeners(resolved, logger, {
    service: resolved.service,
    channel,
    unreadiness,
    warnings,
    describeEndpoint: () => describeEndpoint({ ...resolved, queue: resolved.broker.queue }, registry),
    isConsuming: () => endpoint.consuming,
    deferredKeys: () => endpoint.deferredKeys(),
    applications: () => applications.describe(),
    pulling: applications.pull,
    deadLetters,
    metrics,
    streams: new OpenStreams(resolved.http.maxStreams),
    publishing: {
      access,
      limits,
      bus: distributedBus,
      parameters: { conversion, services, variables: resolved.configuration },
      mapping: { forwardHeaders, idempotencyScopeHeader, findParent: (id) => parentMessages.find(id) },
      channel: channel.name,
      scopes: services,
      isDraining: () => state === 'draining',
      batchRoom: new BatchRoom(resolved.broker.maxInFlight),
      batchLimits: { bodyLimit: resolved.http.bodyLimit, maxEntries: resolved.http.batchMaxEntries },
    },
  });

  const shutDown = createShutdown(components, listeners);

  const logLevel = { settings: ['logLevel'], reload: levelReload(logger) };
  const configReload = new ConfigReload(resolved, environment, [...listeners.reloadables, logLevel]);

  return {
    get config() {
      return configReload.running;
    },
    logger,
    app: listeners.app,
    management: listeners.management,
    distributedBus,
    commandBus,
    eventBus,
    channel,
    metrics,
    async start() {
      if (state !== 'new') return;
      state = 'running';
      if (consume) {
        applications.start();
        endpoint.start();
        discovery?.start();
      }
      forwarder.start();
      await channel.start();
    },
    async listen() {
      checkOpenPort(resolved, environment, logger);
      return listeners.listen();
    },
    reload: (next) => configReload.apply(next),
    unacknowledged: () => endpoint.unacknowledged,
    stop() {
      state = 'draining';
      return shutDown();
    },
  };
}
