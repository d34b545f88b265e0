import Type from 'typebox';
import { LittoralError } from '../src/errors.ts';
import { Application } from './application-schemas.ts';
import { problemOf } from './problem-schemas.ts';
import type { RoutePlugin } from './route-context.ts';

const Live = Type.Object({ status: Type.Literal('alive') }, { examples: [{ status: 'alive' }] });

const Ready = Type.Object(
  {
    status: Type.Literal('ready'),
    service: Type.Optional(Type.String()),
    channel: Type.Optional(Type.String({ description: 'rabbitmq, or in-memory.' })),
    durable: Type.Optional(Type.Boolean({ description: 'True if messages outlive this process.' })),
    warnings: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'Problems that do not stop sending or receiving, such as a missing dead letter queue, or log lines that were dropped.',
      }),
    ),
    applications: Type.Optional(
      Type.Array(Application, {
        description:
          'The applications that receive messages. The gateway is ready while they are away: sending works, and each may wait for the other.',
      }),
    ),
  },
  { examples: [{ status: 'ready', service: 'billing', channel: 'rabbitmq', durable: true }] },
);

/** `GET /livez`: the process is well. `GET /readyz`: it can send and receive. */
export const health: RoutePlugin = (app, context) => {
  const { service, channel, unreadiness, warnings, applications, isInsider } = context;
  app.get(
    '/livez',
    {
      config: { permission: 'open' },
      schema: {
        tags: ['Health'],
        operationId: 'livez',
        summary: 'Check that the process is alive',
        description: 'Does not depend on the broker, because a restart would not bring it back.',
        response: { 200: { description: 'Alive.', content: { 'application/json': { schema: Live } } } },
      },
    },
    async () => ({ status: 'alive' as const }),
  );

  app.get(
    '/readyz',
    {
      // Orchestrators have no credentials, and other callers see the status alone.
      config: { permission: 'open' },
      schema: {
        tags: ['Health'],
        operationId: 'readyz',
        summary: 'Check that the gateway can send and receive',
        description:
          'Connected, not blocked, every consumer attached, not shutting down. Fields other than the status are only for callers on loopback or with the admin token.',
        response: {
          200: { description: 'Ready.', content: { 'application/json': { schema: Ready } } },
          503: {
            description: 'Not ready, with the reason.',
            content: problemOf('not-ready'),
          },
        },
      },
    },
    async (request) => {
      const reasons = unreadiness();
      if (reasons.length > 0) throw new LittoralError('not-ready', `Not ready: ${reasons.join('; ')}.`);
      if (!isInsider(request)) return { status: 'ready' as const };
      const wrong = warnings();
      const states = applications();
      return {
        status: 'ready' as const,
        service,
        channel: channel.name,
        durable: channel.durable,
        ...(wrong.length > 0 ? { warnings: wrong } : {}),
        ...(states.length > 0 ? { applications: states } : {}),
      };
    },
  );
};
