import type { FastifyInstance } from 'fastify';
import type { CommandBus } from '../bus/command-bus.ts';
import type { DistributedBus } from '../bus/distributed-bus.ts';
import type { EventBus } from '../bus/event-bus.ts';
import type { Config } from '../config/config.ts';
import { type Environment, type ResolvedConfig, resolveConfig } from '../config/resolve.ts';
import { describeEndpoint } from '../endpoint/endpoint-description.ts';
import { adminGuard } from '../http/admin-guard.ts';
import { Connections } from '../http/connections.ts';
import { BatchRoom } from '../http/entries/batch-room.ts';
import { listenFailure, listeningAddress } from '../http/listening-address.ts';
import { ServerCertificates } from '../http/server-certificates.ts';
import { OpenStreams } from '../http/stream/open-streams.ts';
import { createLogger, droppedLogLines, type Logger } from '../logger.ts';
import { createApp } from './app.ts';
import { type Components, createComponents } from './components.ts';
import { observeParts } from './metrics-components.ts';
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
  /** The configuration, with its defaults and the environment variables applied. */
  readonly config: ResolvedConfig;
  /** The logger of the process. */
  readonly logger: Logger;
  /** The HTTP server. `inject` calls it without a port. */
  readonly app: FastifyInstance;
  /** Sends commands, events and messages to other services. */
  readonly distributedBus: DistributedBus;
  /** Sends commands to their handlers in this process. */
  readonly commandBus: CommandBus;
  /** Publishes events to their handlers in this process. */
  readonly eventBus: EventBus;
  /** The port to the broker. */
  readonly channel: Components['channel'];
  /**
   * Connects and begins to receive. Without a broker it resolves all the same, and connects when there is one. Once
   * only: what is running or was stopped is not started again.
   *
   * @throws LittoralError `topology-mismatch` when the service's queue exists with other arguments
   */
  start(): Promise<void>;
  /** The ids of the messages whose handlers have not finished. */
  unacknowledged(): readonly unknown[];
  /** Listens for HTTP. @returns the address */
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
  const resolved = resolveConfig(config, options.environment ?? process.env);
  const logger = options.logger ?? createLogger(resolved.logLevel, { service: resolved.service });
  return assembleGateway(createComponents(resolved, logger), options.consume);
}

/**
 * Assembles a gateway from its components.
 *
 * @param consume whether it receives as well as sends
 */
export function assembleGateway(components: Components, consume = true): Gateway {
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
  const { host, allowedHosts, forwardHeaders, idempotencyScopeHeader, adminToken } = resolved.http;
  const connections = new Connections(resolved.http);
  const { basePath, trustProxy } = resolved.http;
  const isBehindProxy = basePath !== '' || trustProxy.length > 0;
  const { tls } = resolved.http;
  const certificates = tls && new ServerCertificates(tls, logger);
  const streams = new OpenStreams(resolved.http.maxStreams);
  const app = createApp({
    logger,
    certificates,
    bodies: resolved.http,
    guard: { host, allowedHosts },
    proxy: { basePath, trustProxy },
    insiders: { adminToken, isBehindProxy },
    connections,
    routes: {
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
      streams,
      metrics,
      requireAdmin: adminGuard({ host, adminToken, isBehindProxy }),
      publishing: {
        bus: distributedBus,
        parameters: { conversion, services, variables: resolved.configuration },
        mapping: { forwardHeaders, idempotencyScopeHeader, findParent: (id) => parentMessages.find(id) },
        channel: channel.name,
        scopes: services,
        isDraining: () => state === 'draining',
        batchRoom: new BatchRoom(resolved.broker.maxInFlight),
        batchLimits: { bodyLimit: resolved.http.bodyLimit, maxEntries: resolved.http.batchMaxEntries },
      },
    },
  });

  const shutDown = createShutdown(components, {
    isListening: () => app.server.listening,
    drain() {
      connections.drain();
      streams.endAll();
    },
    async close() {
      streams.endAll();
      await app.close();
      certificates?.close();
    },
    cutOff: () => app.server.closeAllConnections(),
  });

  return {
    config: resolved,
    logger,
    app,
    distributedBus,
    commandBus,
    eventBus,
    channel,
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
      const listenTextResolver = (address: string) => `listening on ${address}`;
      // A name can have several addresses, and Fastify would open a server for each, of which only one is guarded.
      const address = await listeningAddress(host);
      const { port } = resolved.http;
      return app.listen({ host: address, port, listenTextResolver }).catch((error) => {
        throw listenFailure(error, address, port);
      });
    },
    unacknowledged: () => endpoint.unacknowledged,
    stop() {
      state = 'draining';
      return shutDown();
    },
  };
}
