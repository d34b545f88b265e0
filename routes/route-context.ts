import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DeadLetters } from '../src/dead-letter/dead-letters.ts';
import type { DeferredKey } from '../src/deferral/deferred-keys.ts';
import type { ApplicationState } from '../src/delivery/http-application.ts';
import type { PullApplication, PullState } from '../src/delivery/pull/pull-application.ts';
import type { EndpointDescription } from '../src/endpoint/endpoint-description.ts';
import type { Engine } from '../src/engine/engine.ts';
import type { BodyMemory } from '../src/http/body/body-memory.ts';
import type { Connections } from '../src/http/connections.ts';
import type { PublicAddress } from '../src/http/public-address.ts';
import type { PublishContext } from '../src/http/send/publish-route.ts';
import type { OpenStreams } from '../src/http/stream/open-streams.ts';
import type { GatewayMetrics } from '../src/observe/metrics/gateway-metrics.ts';

/** The description of the gateway for its callers. */
export interface Docs {
  /** Returns the OpenAPI document for a caller: behind a proxy, all paths stand under its prefix. */
  openApi(request: FastifyRequest): Promise<object>;
  /** Returns a page of Swagger UI, or a resource of a page. */
  page(request: FastifyRequest): Promise<DocsPage>;
}

interface DocsPage {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, number | string | string[] | undefined>>;
  readonly payload: Buffer;
}

/** The parts of the HTTP server that routes use. */
export interface HttpContext {
  /** Returns the address by which a caller reached the gateway. */
  readonly publicAddress: (request: FastifyRequest['raw']) => PublicAddress;
  /** Returns whether a caller may see details of the setup, such as the address of the broker. */
  readonly isInsider: (request: FastifyRequest) => boolean;
  /** Logs the messages of a request that its caller may not send. */
  readonly logRefused: (request: FastifyRequest) => void;
  readonly connections: Connections;
  /** The memory of all bodies. */
  readonly memory: BodyMemory;
  /** `http.minBodyBytesPerSecond`. */
  readonly minBytesPerSecond: number;
}

/** The parts of a gateway that routes use. */
export interface RouteContext extends HttpContext {
  readonly service: string;
  readonly channel: Engine;
  readonly publishing: PublishContext;
  /** Describes the endpoint of the service. */
  readonly describeEndpoint: () => EndpointDescription;
  readonly deadLetters: DeadLetters;
  /** The metrics of this process; undefined if they are disabled. */
  readonly metrics: GatewayMetrics | undefined;
  readonly docs: Docs;
  readonly streams: OpenStreams;
  /** Throws for a request that may not see payloads. */
  readonly requireAdmin: (request: FastifyRequest) => void;
  /** Returns whether this process receives from the service's queue at the moment. */
  readonly isConsuming: () => boolean;
  /** Returns the keys whose messages have no handler here and are deferred at the moment. */
  readonly deferredKeys: () => readonly DeferredKey[];
  /** Returns the states of the applications that receive messages. */
  readonly applications: () => readonly (ApplicationState | PullState)[];
  /** The application that pulls its messages; undefined if none does. */
  readonly pulling: PullApplication | undefined;
  /** Returns the reasons why the gateway is not ready; empty if it is. */
  readonly unreadiness: () => readonly string[];
  /** Returns problems that do not affect readiness. */
  readonly warnings: () => readonly string[];
}

/** Registers the routes of one resource. */
export type RoutePlugin = (app: FastifyInstance, context: RouteContext) => void;
