import Type from 'typebox';
import { streamHandler } from '../src/http/stream/stream-route.ts';
import { EntryHeaders, Lines, linesExample, streamResponses } from './entry-schemas.ts';
import type { RoutePlugin } from './route-context.ts';

/** `POST /stream`: sends messages until the caller ends the request, and writes a line with the result of each. */
export const stream: RoutePlugin = (app, context) => {
  const { channel } = context;
  // A preference that cannot be met is ignored (RFC 7240 section 2).
  const { Prefer: _prefer, ...headers } = EntryHeaders.properties;
  app.route({
    method: 'POST',
    url: '/stream',
    // Each entry needs a permission of its own.
    config: { body: 'stream', permission: () => undefined },
    schema: {
      tags: ['Send'],
      operationId: 'sendStream',
      summary: 'Send messages for as long as you like',
      description:
        'Each line of the request is an entry, and each line of the response is a result. The results have the order of the entries, and are written as the broker confirms. Request and response are open at the same time: read results while you send. Lines with `notice` belong to no entry. `held` says that the gateway stops reading, because the broker accepts no messages or a limit is reached; `resumed` says that it continues. `alive` is written on a silent stream. `end` is the last line: all entries before its `next` have a result, and no later entry was sent.',
      headers: Type.Object(headers),
      body: { content: { 'application/x-ndjson': { schema: Lines(linesExample) } } },
      response: streamResponses,
    },
    handler: streamHandler({ ...context, health: () => channel.health() }),
  });
};
