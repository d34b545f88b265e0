import Type from 'typebox';
import { longestDelayMs } from '../src/message/limits.ts';
import { longestTimeoutMs } from '../src/time/timeout.ts';

const closed = { additionalProperties: false };

/** Maximum number of messages of one pull. */
const mostPulled = 100;

/** Maximum number of leases of one request. */
const mostLeases = 1_000;

const Lease = Type.String({ minLength: 1, maxLength: 64, description: 'The id of a lease, from the pull.' });
const LeaseMs = (description: string) => Type.Integer({ minimum: 1, maximum: longestTimeoutMs, description });

export const PullBody = Type.Object(
  {
    max: Type.Optional(
      Type.Integer({ minimum: 1, maximum: mostPulled, description: 'Maximum number of messages. Default: 10.' }),
    ),
    waitMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 60_000,
        description:
          'Milliseconds to wait for the first message. Default: 20000. Messages that are in the queue need up to 100.',
      }),
    ),
    leaseMs: Type.Optional(
      LeaseMs(
        'Milliseconds in which each message must be settled, application.longestLeaseMs at most. Default: application.leaseMs.',
      ),
    ),
    endpoint: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'The only endpoint to pull from. Default: all.' }),
    ),
  },
  { ...closed, examples: [{ max: 10, waitMs: 20_000, leaseMs: 60_000 }] },
);

export const Deliveries = Type.Object(
  {
    deliveries: Type.Array(
      Type.Object({
        lease: Lease,
        expiresAt: Type.String({ format: 'date-time', description: 'The end of the lease.' }),
        endpoint: Type.String({ description: 'The endpoint that the message is for.' }),
        attempt: Type.Integer({ description: 'Number of the attempt, from 1.' }),
        message: Type.Record(Type.String(), Type.Unknown(), {
          description:
            'The headers, by the names that a request would have: Message-Id, Message-Routing-Key and others as texts, and Message-Headers with the headers of the sender, exactly.',
        }),
        contentType: Type.Optional(Type.String()),
        body: Type.Optional(
          Type.String({ description: 'The bytes as text, of a message that is text, JSON or XML in UTF-8.' }),
        ),
        bodyBase64: Type.Optional(Type.String({ description: 'The bytes of any other message.' })),
      }),
      { description: 'The messages, in their order. Empty if none came in time.' },
    ),
  },
  {
    examples: [
      {
        deliveries: [
          {
            lease: 'b0xQm2cW7pJ1nT5vKz3yRg',
            expiresAt: '2026-12-01T09:01:00.000Z',
            endpoint: 'billing.changeDetails',
            attempt: 1,
            message: {
              'Message-Id': '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10',
              'Message-Kind': 'command',
              'Message-Routing-Key': 'billing.changeDetails',
              'Message-Headers': { tenant: 'acme' },
            },
            contentType: 'application/json',
            body: '{"personId":"123"}',
          },
        ],
      },
    ],
  },
);

export const SettleBody = Type.Object(
  {
    done: Type.Optional(Type.Array(Lease, { maxItems: mostLeases, description: 'The messages that were handled.' })),
    retry: Type.Optional(
      Type.Array(
        Type.Object(
          {
            lease: Lease,
            delayMs: Type.Optional(
              Type.Integer({
                minimum: 0,
                maximum: longestDelayMs,
                description: 'Milliseconds until the next attempt. Default: as the retries of the endpoint say.',
              }),
            ),
            reason: Type.Optional(
              Type.String({ description: 'For the log and the dead letter: its first 1024 characters.' }),
            ),
          },
          closed,
        ),
        { maxItems: mostLeases, description: 'The messages that need another attempt.' },
      ),
    ),
    reject: Type.Optional(
      Type.Array(Type.Object({ lease: Lease, reason: Type.String({ description: 'As for a retry.' }) }, closed), {
        maxItems: mostLeases,
        description: 'The messages to dead-letter at once.',
      }),
    ),
  },
  { ...closed, examples: [{ done: ['pX8o0Yk3vJq1n4uTzR6wLg2sHbD7cEfA'] }] },
);

export const ExtendBody = Type.Object(
  {
    leases: Type.Array(Lease, { minItems: 1, maxItems: mostLeases }),
    leaseMs: LeaseMs('Milliseconds from now to the new end, as far as application.longestLeaseMs allows.'),
  },
  { ...closed, examples: [{ leases: ['pX8o0Yk3vJq1n4uTzR6wLg2sHbD7cEfA'], leaseMs: 60_000 }] },
);

export const LeaseResults = Type.Object(
  {
    results: Type.Array(
      Type.Object({
        lease: Type.String(),
        result: Type.String({
          enum: ['settled', 'pending', 'extended', 'expired', 'unknown'],
          description:
            'settled: the outcome is decided, and was written to the broker. pending: the outcome is not known yet; the message is not lost, and a repeated request waits again. extended: the lease ends at expiresAt. expired: the lease had ended, or the gateway lost the broker connection that delivered the message. unknown: this process has no such lease.',
        }),
        outcome: Type.Optional(
          Type.String({
            description:
              'The outcome of a settled message: handled, retried later, dead letter or requeued. Missing for an event that other endpoints of this application get first.',
          }),
        ),
        detail: Type.Optional(Type.String({ description: 'The reason, for expired, pending and unknown.' })),
        expiresAt: Type.Optional(Type.String({ format: 'date-time', description: 'The end of an extended lease.' })),
      }),
      { description: 'A result for each lease: those of done, of retry, and of reject, in their order.' },
    ),
  },
  {
    examples: [{ results: [{ lease: 'b0xQm2cW7pJ1nT5vKz3yRg', result: 'settled', outcome: 'handled' }] }],
  },
);
