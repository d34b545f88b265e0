import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import Type from 'typebox';
import type { ErrorCode } from '../src/errors.ts';
import type { NamedPermission } from '../src/http/auth/permission.ts';
import { checkedJson, checkedQuery } from '../src/http/checked-request.ts';
import { compileSchema } from '../src/schema/schema-check.ts';
import {
  DeadLetterDetails,
  DeadLetterPage,
  DeadLetterParams,
  DeadLetterQuery,
  Replayed,
  ReplayRequest,
} from './dead-letter-schemas.ts';
import { problems } from './problem-schemas.ts';
import type { RoutePlugin } from './route-context.ts';

const query = compileSchema(DeadLetterQuery);
const replayRequest = compileSchema(ReplayRequest);

/** What failed: `GET /dead-letters`, and what can be done about it. */
export const deadLetters: RoutePlugin = (app, { deadLetters: letters, requireAdmin }) => {
  // Before the body is read.
  const guarded = (permission: NamedPermission) => ({
    config: { permission },
    onRequest: async (request: FastifyRequest) => requireAdmin(request),
  });

  app.get(
    '/dead-letters',
    {
      ...guarded('dead-letters:read'),
      schema: describe('deadLetters', {
        summary: 'List the dead letters, the oldest first',
        description: 'Listing moves no message. The cost of a page grows with the number of dead letters before it.',
        querystring: DeadLetterQuery,
        response: { 200: answer('A page.', DeadLetterPage), ...failures('malformed-request') },
      }),
      serializerCompiler: () => JSON.stringify,
    },
    async (request) => letters.list(checkedQuery(request, query)),
  );

  app.get(
    '/dead-letters/:id',
    {
      ...guarded('dead-letters:read'),
      schema: describe('deadLetter', {
        summary: 'Show one dead letter',
        params: DeadLetterParams,
        response: { 200: answer('The dead letter.', DeadLetterDetails), ...failures('dead-letter-not-found') },
      }),
      serializerCompiler: () => JSON.stringify,
    },
    async ({ params }) => letters.show(idOf(params)),
  );

  app.post(
    '/dead-letters/:id/replay',
    {
      ...guarded('dead-letters:replay'),
      schema: describe('replayDeadLetter', {
        summary: 'Replay one dead letter',
        description: 'Puts the message back into its queue, for the handler that failed, with all of its retries.',
        params: DeadLetterParams,
        response: {
          202: Type.Null({ description: 'The broker has confirmed the message, and the dead letter is gone.' }),
          ...failures('dead-letter-not-found', ...publishing),
        },
      }),
    },
    async ({ params }, reply) => {
      await letters.replay(idOf(params));
      return reply.code(202).send();
    },
  );

  app.post(
    '/dead-letters/replay',
    {
      ...guarded('dead-letters:replay'),
      schema: describe('replayDeadLetters', {
        summary: 'Replay all that match',
        description:
          'Replays the matching dead letters that exist when it begins; `{}` matches all. It answers when all are replayed. A caller that disconnects earlier ends the replay.',
        body: { content: { 'application/json': { schema: ReplayRequest } } },
        response: {
          200: answer('The result of the replay.', Replayed),
          ...failures('malformed-request', 'malformed-body', ...publishing),
        },
      }),
    },
    async (request, reply) => {
      const { replayed, failed } = await letters.replayAll({
        ...checkedJson(request, replayRequest),
        signal: leavingSignal(reply),
      });
      return { replayed, failed };
    },
  );

  app.delete(
    '/dead-letters/:id',
    {
      ...guarded('dead-letters:delete'),
      schema: describe('deleteDeadLetter', {
        summary: 'Delete one dead letter permanently',
        params: DeadLetterParams,
        response: {
          204: Type.Null({ description: 'The dead letter was deleted.' }),
          ...failures('dead-letter-not-found'),
        },
      }),
    },
    async ({ params }, reply) => {
      await letters.delete(idOf(params));
      return reply.code(204).send();
    },
  );
};

const publishing = [
  'destination-not-found',
  'invalid-header',
  'body-too-large',
  'too-many-in-flight',
  'broker-blocked',
  'not-bound',
  'not-permitted',
  'nacked',
  'confirm-timeout',
] as const;

function describe(operationId: string, schema: FastifySchema): FastifySchema {
  return { tags: ['Dead letters'], operationId, ...schema };
}

function answer(description: string, schema: object) {
  return { description, content: { 'application/json': { schema } } };
}

function failures(...codes: readonly ErrorCode[]) {
  return problems(
    ...codes,
    'unauthorized',
    'admin-token-not-set',
    'cross-site',
    'dead-letters-busy',
    'unreadable-message',
    'internal-error',
    'broker-unavailable',
    'draining',
    'connection-lost',
  );
}

function idOf(params: unknown): string {
  return (params as { readonly id: string }).id.toLowerCase();
}

/** Aborted when the caller has left without an answer. */
function leavingSignal({ raw }: FastifyReply): AbortSignal {
  const leaving = new AbortController();
  // The caller may have disconnected while its token was verified.
  if (raw.destroyed) leaving.abort();
  raw.once('close', () => {
    if (!raw.writableEnded) leaving.abort();
  });
  return leaving.signal;
}
