import Type from 'typebox';
import { LittoralError } from '../src/errors.ts';
import { publishRoute } from '../src/http/publish-route.ts';
import { structuredMediaType } from '../src/message/cloud-events.ts';
import type { RoutePlugin } from './route-context.ts';
import { CloudEventHeaders, sendResponses } from './schemas.ts';

const example = {
  specversion: '1.0',
  id: 'A234-1234-1234',
  source: '/shop/orders',
  type: 'order.placed',
  datacontenttype: 'application/json',
  data: { orderId: '123', total: 42 },
};

/** `POST /cloudevents`: publishes a CloudEvent, whose type is the routing key. */
export const cloudEvents: RoutePlugin = (app, { publishing }) => {
  app.route(
    publishRoute(
      {
        url: '/cloudevents',
        address: () => (event) => {
          if (event) return { kind: 'event', routingKey: event.type };
          throw new LittoralError(
            'invalid-header',
            `The request is no CloudEvent. Send the headers ce-specversion, ce-id, ce-source and ce-type, or a body of type ${structuredMediaType}.`,
          );
        },
        schema: {
          tags: ['Send'],
          operationId: 'sendCloudEvent',
          summary: 'Publish a CloudEvent',
          description:
            'Its type is the routing key, its source and id are the id of the message, and its data is the payload. The other attributes travel as message headers. The answer comes after the broker has confirmed it.',
          headers: CloudEventHeaders,
          body: {
            content: {
              [structuredMediaType]: { schema: Type.Unknown({ examples: [example] }) },
            },
          },
          response: sendResponses,
        },
      },
      publishing,
    ),
  );
};
