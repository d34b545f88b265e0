import type { FastifyInstance } from 'fastify';
import { batch } from './batch.ts';
import { cloudEvents } from './cloud-events.ts';
import { commands } from './commands.ts';
import { deadLetters } from './dead-letters.ts';
import { deliveries } from './deliveries.ts';
import { documents } from './documents.ts';
import { endpoints } from './endpoints.ts';
import { events } from './events.ts';
import { health } from './health.ts';
import { messages } from './messages.ts';
import { metrics } from './metrics.ts';
import type { RouteContext, RoutePlugin } from './route-context.ts';
import { stream } from './stream.ts';

/** The routes of one listener: `all`, those for `callers`, or those for `management`. Both have the health routes. */
export type Surface = 'all' | 'callers' | 'management';

const forCallers = [commands, events, messages, cloudEvents, batch, stream, deliveries];
const forManagement = [endpoints, deadLetters, metrics, documents];

/** All routes, by name, in the order in which the documents list them. */
const all = [...forCallers, endpoints, deadLetters, health, metrics, documents];

/** Registers the routes of a listener. */
export function registerRoutes(app: FastifyInstance, context: RouteContext, surface: Surface = 'all'): void {
  const others: readonly RoutePlugin[] = { all: [], callers: forManagement, management: forCallers }[surface];
  for (const routes of all) if (!others.includes(routes)) routes(app, context);
}
