import Type from 'typebox';
import type { Routes } from './index.ts';

const Handler = Type.Object({
  endpointId: Type.String({ description: 'Names the handler, in logs and dead letters too.' }),
  kind: Type.String({ enum: ['command', 'event'] }),
  routingKey: Type.String({ description: "In an event's, `*` stands for any characters." }),
  distributed: Type.Boolean({ description: 'Whether other services reach it through the bus.' }),
  parameters: Type.Array(
    Type.Object({
      name: Type.String({ description: 'The name of the argument, or its position.' }),
      converter: Type.String({ description: 'What it is computed from.' }),
    }),
  ),
});

const Endpoints = Type.Object(
  {
    endpoints: Type.Array(
      Type.Object({
        name: Type.String({ description: 'The name of the service.' }),
        queue: Type.String({ description: 'Its queue on the broker.' }),
        consuming: Type.Boolean({ description: 'Whether this process receives from it at the moment.' }),
        concurrency: Type.Integer({ description: 'How many messages are handled at once.' }),
        handlers: Type.Array(Handler),
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
          },
        ],
      },
    ],
  },
);

/** `GET /endpoints`: what receives messages here, and which functions they reach. */
export const endpoints: Routes = (app, { endpoint, isConsuming }) => {
  const { name, queue, concurrency, handlers } = endpoint;
  app.get(
    '/endpoints',
    {
      schema: {
        tags: ['Endpoints'],
        operationId: 'endpoints',
        summary: 'What receives messages here',
        description: 'Every endpoint with its handlers: what they handle, and what their arguments are computed from.',
        response: {
          200: { description: 'All endpoints.', content: { 'application/json': { schema: Endpoints } } },
        },
      },
    },
    async () => ({ endpoints: [{ name, queue, consuming: isConsuming(), concurrency, handlers }] }),
  );
};
