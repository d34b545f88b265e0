import Type, { type Static } from 'typebox';
import { publishRoute } from '../src/http/send/publish-route.ts';
import type { RoutePlugin } from './route-context.ts';
import { SendHeaders, sendBody, sendResponses } from './send-schemas.ts';

const Params = Type.Object({
  destination: Type.String({ description: 'The service that owns the channel.', examples: ['billing'] }),
  channel: Type.String({ description: "The channel's name in that service.", examples: ['billing.import'] }),
});

/** `POST /messages/:destination/:channel`: sends a message to a channel of a service, such as an Ecotone application. */
export const messages: RoutePlugin = (app, { publishing }) => {
  app.route(
    publishRoute(
      {
        url: '/messages/:destination/:channel',
        address(params) {
          const { destination, channel: routingKey } = params as Static<typeof Params>;
          return { kind: 'message', destination, routingKey };
        },
        schema: {
          tags: ['Send'],
          operationId: 'sendMessage',
          summary: 'Send a message to a channel of one service',
          description:
            'For services that listen to channels by name, as Ecotone applications can. littoral itself handles commands and events.',
          params: Params,
          headers: SendHeaders,
          body: sendBody({ line: 'first' }),
          response: sendResponses,
        },
      },
      publishing,
    ),
  );
};
