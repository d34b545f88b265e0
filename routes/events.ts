import Type, { type Static } from 'typebox';
import { publishRoute } from '../src/http/send/publish-route.ts';
import type { RoutePlugin } from './route-context.ts';
import { EventHeaders, sendBody, sendResponses } from './send-schemas.ts';

const Params = Type.Object({
  routingKey: Type.String({ description: "The event's name.", examples: ['billing.detailsWereChanged'] }),
});

/** `POST /events/:routingKey`: publishes an event to every service that subscribes to it. */
export const events: RoutePlugin = (app, { publishing }) => {
  app.route(
    publishRoute(
      {
        url: '/events/:routingKey',
        address: (params) => ({ kind: 'event', ...(params as Static<typeof Params>) }),
        schema: {
          tags: ['Send'],
          operationId: 'publishEvent',
          summary: 'Publish an event to its subscribers',
          description:
            'The body travels as the bytes that came in. The answer comes after the broker has confirmed it.',
          params: Params,
          headers: EventHeaders,
          body: sendBody({ personId: '123' }),
          response: sendResponses,
        },
      },
      publishing,
    ),
  );
};
