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
import type { RouteContext } from './route-context.ts';
import { stream } from './stream.ts';

/** The whole HTTP surface, by name. */
export function registerRoutes(app: FastifyInstance, context: RouteContext): void {
  for (const routes of [
    commands,
    events,
    messages,
    cloudEvents,
    batch,
    stream,
    deliveries,
    endpoints,
    deadLetters,
    health,
    metrics,
    documents,
  ]) {
    routes(app, context);
  }
}
