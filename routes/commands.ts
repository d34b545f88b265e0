import Type, { type Static } from 'typebox';
import { publishRoute } from '../src/http/send/publish-route.ts';
import type { RoutePlugin } from './route-context.ts';
import { SendHeaders, sendBody, sendResponses } from './send-schemas.ts';

const Params = Type.Object({
  destination: Type.String({ description: 'The service that handles the command.', examples: ['billing'] }),
  routingKey: Type.String({ description: "The command's name.", examples: ['billing.changeDetails'] }),
});

/** `POST /commands/:destination/:routingKey`: sends a command to one service by name. */
export const commands: RoutePlugin = (app, { publishing }) => {
  app.route(
    publishRoute(
      {
        url: '/commands/:destination/:routingKey',
        address: (params) => ({ kind: 'command', ...(params as Static<typeof Params>) }),
        schema: {
          tags: ['Send'],
          operationId: 'sendCommand',
          summary: 'Send a command to one service',
          description:
            'The body travels as the bytes that came in. The answer comes after the broker has confirmed it.',
          params: Params,
          headers: SendHeaders,
          body: sendBody({ personId: '123', billingDetails: '01111' }),
          response: sendResponses,
        },
      },
      publishing,
    ),
  );
};
