import Type from 'typebox';
import { LittoralError } from '../src/errors.ts';
import { toProblem } from '../src/http/problem.ts';
import { longestDelayMs, maxPriority, maxTimeToLiveMs } from '../src/message/limits.ts';
import { problems } from './problem-schemas.ts';
import { commonHeaders, sendCodes, text } from './send-schemas.ts';

const examples = [
  {
    kind: 'command',
    destination: 'billing',
    routingKey: 'billing.changeDetails',
    payload: { personId: '123', billingDetails: '01111' },
    headers: { executorId: '7' },
  },
  { kind: 'event', routingKey: 'order.placed', payload: { orderId: '123', total: 42 }, delayMs: 60_000 },
];

/** Two entries in NDJSON. */
export const linesExample = `${examples.map((entry) => JSON.stringify(entry)).join('\n')}\n`;

const Entry = Type.Object(
  {
    kind: Type.Union([Type.Literal('command'), Type.Literal('event'), Type.Literal('message')], {
      description:
        'A command for one service, an event for all its subscribers, or a message for a channel of one service.',
    }),
    destination: text('The name of the service that receives the command or message. Not for an event.', 'billing'),
    routingKey: Type.String({ description: 'The name of the command or event, or the channel of a message.' }),
    payload: Type.Optional(
      Type.Unknown({
        description:
          'Any JSON if contentType is a JSON type; its bytes are sent unchanged. A text if contentType is another type. Not together with bodyBase64.',
      }),
    ),
    bodyBase64: text('The payload as base64, for types other than text. Requires contentType.'),
    contentType: text('The media type of the payload. Default: application/json; without a payload, text/plain.'),
    convertTo: text('Converts the payload from contentType to this media type before it is sent.'),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'Message headers with their exact names and JSON types.',
      }),
    ),
    messageId: text(
      'The id of the message, a UUID. Refused with `auth` and with `http.idempotencyScopeHeader`. Default: a new UUIDv7.',
    ),
    idempotencyKey: text(
      'Makes a repeated entry the same message: the id follows from the key. Default: none, or the Idempotency-Key of the request with the index of the entry.',
    ),
    correlationId: text('The id that related messages have in common. Default: the id of the message.'),
    parentId: text('The id of a message that the application of this gateway is handling.'),
    delayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: longestDelayMs, description: 'Delays the message.' })),
    timeToLiveMs: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: maxTimeToLiveMs,
        description: 'Milliseconds after which the undelivered message expires.',
      }),
    ),
    priority: Type.Optional(
      Type.Integer({ minimum: 0, maximum: maxPriority, description: 'The priority of the message.' }),
    ),
  },
  { additionalProperties: false, description: 'A message to send.' },
);

export const BatchBody = Type.Object(
  { entries: Type.Array(Entry, { minItems: 1 }) },
  { examples: [{ entries: examples }] },
);

/** A body of lines. */
export const Lines = (example: string) => Type.String({ description: 'An entry on each line.', examples: [example] });

/** The headers of requests with many messages. */
export const EntryHeaders = Type.Object({
  ...commonHeaders,
  'Idempotency-Key': text(
    'Makes a repeated request send the same messages: the id of each entry follows from this key and its index, unless the entry has an id or a key of its own.',
  ),
  'Message-First-Index': Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'The index of the first entry, for a caller that resumes with the same Idempotency-Key. Default: 0.',
    }),
  ),
  Prefer: text(
    'handling=strict: the gateway checks all entries before it sends the first one, and refuses all if one has an error (422). An event without a subscriber gets the result 404.',
    'handling=strict',
  ),
});

const EntryReceipt = Type.Object({
  index: Type.Integer({ description: 'The place of the entry, from 0.' }),
  status: Type.Literal(202),
  messageId: Type.String({ format: 'uuid' }),
  correlationId: Type.String(),
  routed: Type.Boolean({ description: 'False for an event without a subscriber.' }),
});

const EntryProblem = Type.Object(
  { index: Type.Integer({ description: 'The place of the entry, from 0.' }), status: Type.Integer() },
  { additionalProperties: true, description: 'The fields of a problem document.' },
);

const exampleProblem = toProblem(new LittoralError('malformed-body', 'The CloudEvent has no id, which it needs.'));

/** The answer to several messages of which some were sent. */
export const batchResponse = {
  description: 'Only some of the messages were sent. The answer has a result for each, in the order of the entries.',
  content: {
    'application/json': {
      schema: Type.Object(
        {
          channel: Type.String({ description: 'rabbitmq, or in-memory, where nothing outlives the process.' }),
          results: Type.Array(Type.Union([EntryReceipt, EntryProblem])),
        },
        {
          examples: [
            {
              channel: 'rabbitmq',
              results: [
                {
                  index: 0,
                  status: 202,
                  messageId: '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10',
                  correlationId: '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10',
                  routed: true,
                },
                { index: 1, ...exampleProblem },
              ],
            },
          ],
        },
      ),
    },
  },
};

/** The answers of a route with many messages. */
export const batchResponses = {
  202: {
    ...batchResponse,
    description: 'The broker has confirmed all messages. The results are their receipts, in the order of the entries.',
  },
  207: batchResponse,
  ...problems(...sendCodes, 'invalid-entry', 'batch-refused'),
};

const resultExample = [
  {
    ...{ index: 0, status: 202, messageId: '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10' },
    ...{ correlationId: '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10', routed: true },
  },
  { notice: 'end', reason: 'complete', next: 1, accepted: 1, failed: 0 },
];

/** The answers of a stream. */
export const streamResponses = {
  200: {
    description: 'A result on each line: a receipt, or a problem. The last line has the notice `end`.',
    content: {
      'application/x-ndjson': {
        schema: Type.String({ examples: [`${resultExample.map((line) => JSON.stringify(line)).join('\n')}\n`] }),
      },
    },
  },
  ...problems('invalid-header', 'reserved-header', 'cross-site', 'unknown-parent', 'unsupported-media-type'),
  ...problems('too-many-in-flight', 'headers-too-large', 'internal-error', 'draining', 'too-many-connections'),
};
