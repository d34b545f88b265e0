import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import type { Static } from 'typebox';
import type { PullApplication, Settlement } from '../src/delivery/pull/pull-application.ts';
import { type ErrorCode, LittoralError } from '../src/errors.ts';
import { checkedJson } from '../src/http/checked-request.ts';
import { compileSchema } from '../src/schema/schema-check.ts';
import { Deliveries, ExtendBody, LeaseResults, PullBody, SettleBody } from './delivery-schemas.ts';
import { problems } from './problem-schemas.ts';
import type { RoutePlugin } from './route-context.ts';

const pullBody = compileSchema(PullBody);
const settleBody = compileSchema(SettleBody);
const extendBody = compileSchema(ExtendBody);

/** `POST /deliveries/…`: an application that cannot listen fetches its messages, and says what became of each. */
export const deliveries: RoutePlugin = (app, { pulling }) => {
  const application = (): PullApplication => {
    if (pulling !== undefined) return pulling;
    const detail =
      'The application of this gateway does not pull. Set application.pull to true (APPLICATION_PULL=true), with its commands and events.';
    throw new LittoralError('not-pulled', detail);
  };

  app.post(
    '/deliveries/pull',
    {
      config: { permission: 'deliveries:pull' },
      schema: describe('pullDeliveries', {
        summary: 'Pull messages',
        description:
          'Answers once there are messages, and leases each to the caller: it must be settled before its lease ends, or it is retried. Answers with an empty list after waitMs. A caller that disconnects before the answer gets no message.',
        body: json(PullBody),
        response: { 200: answer('The messages.', Deliveries), ...failures('draining') },
      }),
    },
    async (request, reply) => {
      const wanted = hasBody(request) ? checkedJson(request, pullBody) : {};
      const leaving = leavingSignal(reply);
      const { deliveries, revoke } = await application().pull(wanted, leaving);
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) revoke();
      });
      if (reply.raw.destroyed) revoke();
      // Each is JSON already, with numbers that must not be rounded.
      return reply.type('application/json; charset=utf-8').send(`{"deliveries":[${deliveries.join(',')}]}`);
    },
  );

  app.post(
    '/deliveries/settle',
    {
      // Refused, it would make a message be handled twice.
      config: { permission: 'deliveries:pull', isUnlimited: true },
      schema: describe('settleDeliveries', {
        summary: 'Settle pulled messages',
        description:
          'Answers once what follows is decided: a retry or a dead letter is confirmed by the broker, and the acknowledgement of the message was written to the connection. AMQP does not confirm an acknowledgement, so a message can be delivered again if the connection fails just then. Also works while the gateway shuts down.',
        body: json(SettleBody),
        response: { 200: answer('A result for each lease.', LeaseResults), ...failures() },
      }),
    },
    async (request) => ({ results: await application().settle(settlementsOf(checkedJson(request, settleBody))) }),
  );

  app.post(
    '/deliveries/extend',
    {
      // Refused, it would make a message be handled twice.
      config: { permission: 'deliveries:pull', isUnlimited: true },
      schema: describe('extendDeliveries', {
        summary: 'Extend leases',
        body: json(ExtendBody),
        response: { 200: answer('A result for each lease.', LeaseResults), ...failures() },
      }),
    },
    async (request) => {
      const { leases, leaseMs } = checkedJson(request, extendBody);
      return { results: await application().extend(leases, leaseMs) };
    },
  );
};

/** @throws LittoralError `malformed-request` for a lease that is named twice */
function settlementsOf({ done = [], retry = [], reject = [] }: Static<typeof SettleBody>): Settlement[] {
  const settlements = [
    ...done.map((lease, index) => ({ at: `/done/${index}`, settlement: { lease, outcome: 'done' as const } })),
    ...retry.map((one, index) => ({ at: `/retry/${index}/lease`, settlement: { ...one, outcome: 'retry' as const } })),
    ...reject.map((one, index) => ({
      at: `/reject/${index}/lease`,
      settlement: { ...one, outcome: 'reject' as const },
    })),
  ];
  const named = new Set<string>();
  for (const { at, settlement } of settlements) {
    if (named.has(settlement.lease)) {
      const message = 'names a lease for the second time; nothing was settled';
      throw new LittoralError('malformed-request', `${at.slice(1)}: ${message}.`, { issues: [{ path: at, message }] });
    }
    named.add(settlement.lease);
  }
  return settlements.map(({ settlement }) => settlement);
}

function hasBody({ body }: FastifyRequest): boolean {
  return body instanceof Uint8Array && body.byteLength > 0;
}

function describe(operationId: string, schema: FastifySchema): FastifySchema {
  return { tags: ['Receive'], operationId, ...schema };
}

function json(schema: object) {
  return { content: { 'application/json': { schema } } };
}

function answer(description: string, schema: object) {
  return { description, ...json(schema) };
}

function failures(...codes: readonly ErrorCode[]) {
  return problems(
    ...['malformed-request' as const, 'malformed-body' as const, 'not-pulled' as const, 'cross-site' as const],
    ...['body-too-large' as const, 'rate-limited' as const, 'internal-error' as const],
    ...codes,
  );
}

/** Aborted when the caller has left without an answer. */
function leavingSignal({ raw }: FastifyReply): AbortSignal {
  const leaving = new AbortController();
  raw.once('close', () => leaving.abort());
  if (raw.destroyed) leaving.abort();
  return leaving.signal;
}
