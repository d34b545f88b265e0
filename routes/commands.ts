import Type from 'typebox';
import { methodInvoker } from '../src/handler/method-invoker.ts';
import { publishRoute } from '../src/http/publish-route.ts';
import { body, metadata, sendOptions } from '../src/http/request-parameters.ts';
import { Header } from '../src/message/message-headers.ts';
import { header } from '../src/parameter/header.ts';
import type { Routes } from './index.ts';
import { SendHeaders, sendBody, sendResponses } from './schemas.ts';

const Params = Type.Object({
  destination: Type.String({ description: 'The service that handles the command.', examples: ['billing'] }),
  routingKey: Type.String({ description: "The command's name.", examples: ['billing.changeDetails'] }),
});

/** `POST /commands/:destination/:routingKey`: sends a command to one service by name. */
export const commands: Routes = (app, { bus, parameters, publishing }) => {
  const site = { ...parameters, handler: 'route POST /commands/:destination/:routingKey' };
  const [destination, routingKey] = [header(Header.targetServiceName), header(Header.routingKey)];
  app.route(
    publishRoute(
      {
        url: '/commands/:destination/:routingKey',
        payloadType: 'command',
        keys: ({ params }) => params as { destination: string; routingKey: string },
        send: methodInvoker(
          [destination, routingKey, body(), header(Header.contentType), metadata(), sendOptions()],
          bus.sendCommand.bind(bus),
          site,
        ),
        convertAndSend: methodInvoker(
          [destination, routingKey, body(), metadata(), sendOptions()],
          bus.convertAndSendCommand.bind(bus),
          site,
        ),
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
