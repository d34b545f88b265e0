import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { LittoralError } from '../src/errors.ts';
import { binaryEventType } from '../src/http/bindings/binary-cloud-event.ts';
import { eventBatchToMessage, isEventBatch } from '../src/http/bindings/cloud-event-batch.ts';
import { maxBatchEvents } from '../src/http/bindings/structured-cloud-event.ts';
import { batchHandler } from '../src/http/send/publish-batch.ts';
import { mappingFor, publishRoute } from '../src/http/send/publish-route.ts';
import { batchMediaType, structuredMediaType } from '../src/message/cloud-events.ts';
import { batchResponse } from './entry-schemas.ts';
import type { RoutePlugin } from './route-context.ts';
import { CloudEventHeaders, cloudEventExample, sendResponses } from './send-schemas.ts';

const url = '/cloudevents';

/** `POST /cloudevents`: publishes a CloudEvent, whose type is the routing key, or a batch of them. */
export const cloudEvents: RoutePlugin = (app, context) => {
  const { publishing } = context;
  const single = publishRoute(
    {
      url,
      address: () => (event) => {
        if (event) return { kind: 'event', routingKey: event.type };
        throw new LittoralError(
          'invalid-header',
          `The request is no CloudEvent. Send the headers ce-specversion, ce-id, ce-source and ce-type, or a body of type ${structuredMediaType}.`,
        );
      },
      permission(request) {
        const routingKey = binaryEventType(request.raw.rawHeaders);
        return routingKey === undefined ? undefined : { kind: 'event', routingKey };
      },
      schema: {
        tags: ['Send'],
        operationId: 'sendCloudEvent',
        summary: 'Publish a CloudEvent, or a batch',
        description:
          'Its type is the routing key, its source and id are the id of the message, and its data is the payload. The other attributes travel as message headers. The answer comes after the broker has confirmed it. Each event of a batch is published for itself, in the order of the batch. Its answer has a result for each event, and the status that all results have in common, or 207.',
        headers: CloudEventHeaders,
        body: {
          content: {
            [structuredMediaType]: { schema: Type.Unknown({ examples: [cloudEventExample] }) },
            [batchMediaType]: {
              schema: Type.Array(Type.Unknown(), { maxItems: maxBatchEvents, examples: [[cloudEventExample]] }),
            },
          },
        },
        response: { ...sendResponses, 207: batchResponse },
      },
    },
    publishing,
  );
  const read = (request: FastifyRequest) => {
    const parts = { rawHeaders: request.raw.rawHeaders, body: request.body as Uint8Array | undefined };
    return eventBatchToMessage(parts, mappingFor(request, publishing));
  };
  const batch = batchHandler({ url, read, canCheckFirst: false }, context);
  app.route({
    ...single,
    handler(request, reply) {
      const { 'content-type': contentType } = request.headers;
      return isEventBatch(contentType) ? batch(request, reply) : single.handler.call(this, request, reply);
    },
  });
};
