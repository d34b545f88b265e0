import Type from 'typebox';
import { methodInvoker } from '../src/handler/method-invoker.ts';
import { publishRoute } from '../src/http/publish-route.ts';
import { body, metadata, sendOptions } from '../src/http/request-parameters.ts';
import { Header } from '../src/message/message-headers.ts';
import { header } from '../src/parameter/header.ts';
import type { Routes } from './index.ts';
import { EventHeaders, sendBody, sendResponses } from './schemas.ts';

const Params = Type.Object({
  routingKey: Type.String({ description: "The event's name.", examples: ['billing.detailsWereChanged'] }),
});

/** `POST /events/:routingKey`: publishes an event to every service that subscribes to it. */
export const events: Routes = (app, { bus, parameters, publishing }) => {
  const site = { ...parameters, handler: 'route POST /events/:routingKey' };
  const routingKey = header(Header.routingKey);
  app.route(
    publishRoute(
      {
        url: '/events/:routingKey',
        payloadType: 'event',
        keys({ params }) {
          const { routingKey } = params as { routingKey: string };
          return { destination: routingKey, routingKey };
        },
        send: methodInvoker(
          [routingKey, body(), header(Header.contentType), metadata(), sendOptions()],
          bus.publishEvent.bind(bus),
          site,
        ),
        convertAndSend: methodInvoker(
          [routingKey, body(), metadata(), sendOptions()],
          bus.convertAndPublishEvent.bind(bus),
          site,
        ),
        schema: {
          tags: ['Send'],
          operationId: 'publishEvent',
          summary: 'Publish an event to whoever listens',
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
