import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import type { RouteContext } from '../../routes/route-context.ts';
import { DistributedBus } from '../../src/bus/distributed-bus.ts';
import { defaults } from '../../src/config/defaults.ts';
import { DeadLetters } from '../../src/dead-letter/dead-letters.ts';
import { describeEndpoint } from '../../src/endpoint/endpoint-description.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { InMemoryEngine } from '../../src/engine/in-memory/in-memory-engine.ts';
import { createApp } from '../../src/gateway/app.ts';
import { HandlerRegistry } from '../../src/handler/handler-registry.ts';
import { AdminToken } from '../../src/http/admin-token.ts';
import { Connections } from '../../src/http/connections.ts';
import { BatchRoom } from '../../src/http/entries/batch-room.ts';
import type { Limits } from '../../src/http/limits/limits.ts';
import { OpenStreams } from '../../src/http/stream/open-streams.ts';
import type { ServerCertificates } from '../../src/http/tls/server-certificates.ts';
import { bareScopes } from '../handler/bare-scopes.ts';
import { quiet } from '../http/gateway-fixture.ts';
import { parameterContext } from '../parameter/parameter-context.ts';

export interface AppParts extends Partial<Pick<RouteContext, 'unreadiness'>> {
  /** Default: a started in-memory channel. */
  readonly channel?: Engine;
  /** Default: none. */
  readonly limits?: Limits;
  readonly isDraining?: () => boolean;
  /** Default: with the limits of a gateway. */
  readonly connections?: Connections;
  /** Default: plain HTTP. */
  readonly certificates?: ServerCertificates;
}

/** The HTTP server alone, around a channel that can be in any state. */
export async function openApp(parts: AppParts) {
  const { channel, unreadiness = () => [], isDraining = () => false, connections, certificates, limits } = parts;
  const service = 'shop';
  const parameters = parameterContext();
  const { conversion } = parameters;
  const used = channel ?? (await startedChannel());
  const registry = new HandlerRegistry([], parameters);
  const bus = new DistributedBus({
    service,
    channel: used,
    conversion,
    registry,
    checkDestinations: true,
    defaultSerializationMediaType: 'application/json',
    allowPhpSerialized: false,
  });
  const batches = { batchRoom: new BatchRoom(1000), batchLimits: { bodyLimit: 1000, maxEntries: 1000 } };
  const caller = { mapping: { forwardHeaders: {} }, scopes: bareScopes };
  const publishing = { bus, parameters, ...caller, channel: used.name, isDraining, limits, ...batches };
  const app: FastifyInstance = createApp({
    logger: quiet.logger,
    certificates,
    bodies: { bodyLimit: 1000, batchBodyLimit: 10_000, maxInFlightBytes: 1_000_000, minBodyBytesPerSecond: 1024 },
    connections: connections ?? new Connections(defaults.http),
    guard: { host: '127.0.0.1', allowedHosts: [] },
    insiders: { adminToken: new AdminToken(undefined), isBehindProxy: false },
    routes: {
      service,
      channel: used,
      unreadiness,
      warnings: () => [],
      describeEndpoint: () => describeEndpoint({ service, queue: `distributed_${service}`, concurrency: 10 }, registry),
      isConsuming: () => false,
      deferredKeys: () => [],
      applications: () => [],
      pulling: undefined,
      deadLetters: new DeadLetters({ service, channel: used, logger: quiet.logger }),
      streams: new OpenStreams(10),
      requireAdmin: () => {},
      metrics: undefined,
      publishing,
    },
  });
  onTestFinished(() => app.close());
  return app;
}

export async function startedChannel(): Promise<InMemoryEngine> {
  const channel = new InMemoryEngine();
  await channel.start();
  return channel;
}
