import Type from 'typebox';
import { streamHandler } from '../src/http/stream/stream-route.ts';
import { EntryHeaders, Lines, linesExample, streamResponses } from './entry-schemas.ts';
import type { RoutePlugin } from './route-context.ts';

/** `POST /stream`: sends messages for as long as the caller likes, and answers each in a line. */
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
        'The request has an entry in each line, and the answer a result in each line, in the order of the entries, as the broker confirms them. Both sides are open at the same time: read results while you send. Lines with `notice` belong to no entry: `held` and `resumed` tell of a broker that takes no messages, or of a limit, `alive` comes on a silent stream, and `end` is the last line. All entries before its `next` have a result, and no other was sent.',
      headers: Type.Object(headers),
      body: { content: { 'application/x-ndjson': { schema: Lines(linesExample) } } },
      response: streamResponses,
    },
    handler: streamHandler({ ...context, health: () => channel.health() }),
  });
};
