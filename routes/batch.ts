import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { entriesToMessage } from '../src/http/entries/entries-to-message.ts';
import { batchHandler } from '../src/http/send/publish-batch.ts';
import { mappingFor } from '../src/http/send/publish-route.ts';
import { batchMediaType } from '../src/message/cloud-events.ts';
import { BatchBody, batchResponses, EntryHeaders, Lines, linesExample } from './entry-schemas.ts';
import type { RoutePlugin } from './route-context.ts';
import { cloudEventExample } from './send-schemas.ts';

const url = '/batch';

/** `POST /batch`: sends many messages of any kind with one request, and returns a result for each. */
export const batch: RoutePlugin = (app, context) => {
  const { publishing } = context;
  const { batchLimits } = publishing;
  const read = (request: FastifyRequest) => {
    const { raw, headers, body } = request;
    const parts = { rawHeaders: raw.rawHeaders, body: body as Uint8Array | undefined };
    return entriesToMessage(parts, headers['content-type'], mappingFor(request, publishing), batchLimits);
  };
  app.route({
    method: 'POST',
    url,
    // Each entry needs a permission of its own.
    config: { body: 'batch', permission: () => undefined },
    schema: {
      tags: ['Send'],
      operationId: 'sendBatch',
      summary: 'Send many messages',
      description:
        'The gateway sends the entries in the order of the batch. Each entry has a result of its own: a receipt after the broker has confirmed it, or a problem. A batch is not atomic. The status is the one that all results have in common, or 207. The headers of the request apply to each entry that does not have its own.',
      headers: EntryHeaders,
      body: {
        content: {
          'application/json': { schema: BatchBody },
          'application/x-ndjson': { schema: Lines(linesExample) },
          [batchMediaType]: { schema: Type.Array(Type.Unknown(), { examples: [[cloudEventExample]] }) },
        },
      },
      response: batchResponses,
    },
    handler: batchHandler({ url, read, canCheckFirst: true }, context),
  });
};
