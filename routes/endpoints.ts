import Type from 'typebox';
import type { DeferredKey } from '../src/deferral/deferred-keys.ts';
import { Application } from './application-schemas.ts';
import type { RoutePlugin } from './route-context.ts';

const Handler = Type.Object({
  endpointId: Type.String({ description: 'Names the handler, in logs and dead letters too.' }),
  kind: Type.String({ enum: ['command', 'event'] }),
  routingKey: Type.String({ description: 'In the key of an event, `*` matches any characters.' }),
  distributed: Type.Boolean({ description: 'True if other services reach it through the bus.' }),
  parameters: Type.Array(
    Type.Object({
      name: Type.String({ description: 'The name of the argument, or its position.' }),
      converter: Type.String({ description: 'The source of the argument.' }),
    }),
  ),
});

const Deferred = Type.Object({
  kind: Type.Optional(Type.String({ description: 'command, event or message.' })),
  routingKey: Type.Optional(Type.String()),
  endpointId: Type.Optional(Type.String({ description: 'The handler that the messages name, if they are retries.' })),
  reason: Type.String(),
  deferrals: Type.Integer({ description: 'Number of deferrals by this process. A message counts each time.' }),
  since: Type.String({ format: 'date-time', description: 'The time of the first delivery without a handler.' }),
  last: Type.String({ format: 'date-time', description: 'The time of the last deferral by this process.' }),
});

const Endpoints = Type.Object(
  {
    endpoints: Type.Array(
      Type.Object({
        name: Type.String({ description: 'The name of the service.' }),
        queue: Type.String({ description: 'Its queue on the broker.' }),
        consuming: Type.Boolean({ description: 'True if this process consumes the queue at the moment.' }),
        concurrency: Type.Integer({ description: 'Maximum number of messages that are handled at once.' }),
        handlers: Type.Array(Handler),
        deferred: Type.Optional(
          Type.Array(Deferred, {
            description:
              'The keys whose messages this process deferred within the last two minutes, because it has no handler for them: the last 100, the latest first. Only for callers on loopback or with the admin token.',
          }),
        ),
      }),
    ),
    applications: Type.Optional(
      Type.Array(Application, {
        description: 'The applications that receive messages. Only for callers on loopback or with the admin token.',
      }),
    ),
  },
  {
    examples: [
      {
        endpoints: [
          {
            name: 'billing',
            queue: 'distributed_billing',
            consuming: true,
            concurrency: 10,
            handlers: [
              {
                endpointId: 'billing.changeDetails',
                kind: 'command',
                routingKey: 'billing.changeDetails',
                distributed: true,
                parameters: [
                  { name: 'command', converter: 'payload' },
                  { name: 'executorId', converter: 'header executorId' },
                ],
              },
            ],
            deferred: [
              {
                kind: 'event',
                routingKey: 'parcel.sent',
                reason: 'no handler in this process, and another version or program has bound the key to the queue',
                deferrals: 3,
                since: '2026-11-29T10:15:00.000Z',
                last: '2026-11-29T10:15:03.211Z',
              },
            ],
          },
        ],
      },
    ],
  },
);

function describeDeferred({ sinceMs, lastMs, ...key }: DeferredKey) {
  return { ...key, since: new Date(sinceMs).toISOString(), last: new Date(lastMs).toISOString() };
}

/** `GET /endpoints`: what receives messages here, and which functions they reach. */
export const endpoints: RoutePlugin = (app, context) => {
  const { describeEndpoint, isConsuming, deferredKeys, applications, isInsider } = context;
  app.get(
    '/endpoints',
    {
      config: { permission: 'endpoints:read' },
      schema: {
        tags: ['Endpoints'],
        operationId: 'endpoints',
        summary: 'List the endpoints and their handlers',
        description:
          'Every endpoint with its handlers, their routing keys, and the sources of their arguments. Callers on loopback or with the admin token also get the deferred keys and the states of applications.',
        response: {
          200: { description: 'All endpoints.', content: { 'application/json': { schema: Endpoints } } },
        },
      },
    },
    async (request) => {
      // Their senders chose these keys, which may contain an id.
      const { name, queue, concurrency, handlers } = describeEndpoint();
      const isShown = isInsider(request);
      const deferred = isShown ? { deferred: deferredKeys().map(describeDeferred) } : {};
      const states = isShown ? applications() : [];
      return {
        endpoints: [{ name, queue, consuming: isConsuming(), concurrency, handlers, ...deferred }],
        ...(states.length > 0 ? { applications: states } : {}),
      };
    },
  );
};
