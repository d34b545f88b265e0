import Type from 'typebox';
import { methodInvoker } from '../src/handler/method-invoker.ts';
import { publishRoute } from '../src/http/publish-route.ts';
import { body, metadata, sendOptions } from '../src/http/request-parameters.ts';
import { Header } from '../src/message/message-headers.ts';
import { header } from '../src/parameter/header.ts';
import type { Routes } from './index.ts';
import { SendHeaders, sendBody, sendResponses } from './schemas.ts';

const Params = Type.Object({
  destination: Type.String({ description: 'The service that owns the channel.', examples: ['billing'] }),
  channel: Type.String({ description: "The channel's name in that service.", examples: ['billing.import'] }),
});

/** `POST /messages/:destination/:channel`: sends a message to a channel of a service, such as an Ecotone application. */
export const messages: Routes = (app, { bus, parameters, publishing }) => {
  const site = { ...parameters, handler: 'route POST /messages/:destination/:channel' };
  const [destination, channel] = [header(Header.targetServiceName), header(Header.routingKey)];
  app.route(
    publishRoute(
      {
        url: '/messages/:destination/:channel',
        payloadType: 'message',
        keys({ params }) {
          const { destination, channel } = params as { destination: string; channel: string };
          return { destination, routingKey: channel };
        },
        send: methodInvoker(
          [destination, channel, body(), header(Header.contentType), metadata(), sendOptions()],
          bus.sendMessage.bind(bus),
          site,
        ),
        convertAndSend: methodInvoker(
          [destination, channel, body(), metadata(), sendOptions()],
          bus.convertAndSendMessage.bind(bus),
          site,
        ),
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
