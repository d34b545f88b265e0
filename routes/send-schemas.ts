import Type from 'typebox';
import { type ErrorCode, errorTable } from '../src/errors.ts';
import { longestDelayMs, maxPriority } from '../src/message/limits.ts';
import { allCodes, problems } from './problem-schemas.ts';

/** The answer to everything that was sent. */
const Receipt = Type.Object(
  {
    messageId: Type.String({ format: 'uuid', description: 'The id of the message, in the header Message-Id as well.' }),
    correlationId: Type.String({
      description:
        'The id that related messages have in common. It is the id of the message unless the caller gave another.',
    }),
    routed: Type.Boolean({
      description:
        'False only for an event without a subscriber. True for a delayed event, whose subscribers are not known yet.',
    }),
    channel: Type.String({ description: 'rabbitmq, or in-memory, where nothing outlives the process.' }),
  },
  {
    description: 'The broker has confirmed the message.',
    examples: [
      {
        messageId: '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10',
        correlationId: '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10',
        routed: true,
        channel: 'rabbitmq',
      },
    ],
  },
);

const Milliseconds = (description: string) => Type.Optional(Type.Integer({ minimum: 1, description }));

// No `examples`: Swagger UI would fill them in and send them, as if they were defaults.
export const text = (description: string, example?: string) =>
  Type.Optional(
    Type.String({ description: example === undefined ? description : `${description} Example: \`${example}\`` }),
  );

/** Errors of deliveries, of the start, of `/readyz` and of dead letters. They never reach a caller that sends. */
const otherErrors: ReadonlySet<ErrorCode> = new Set([
  'malformed-message',
  'no-handler',
  'missing-header',
  'expression-failed',
  'cannot-resolve',
  'handler-timeout',
  'deduplication-unavailable',
  'invalid-configuration',
  'invalid-handlers',
  'wrong-usage',
  'not-ready',
  'admin-token-not-set',
  'dead-letter-not-found',
  'dead-letters-busy',
  'unreadable-message',
  'not-pulled',
]);

/** The request headers that every sending route understands. */
const sendHeaders = {
  'Message-Id': text(
    'The id of the message, a UUID. Refused with `auth` and with `http.idempotencyScopeHeader`. Default: a new UUIDv7.',
  ),
  'Idempotency-Key': text(
    'Makes a repeated request the same message: the id follows from this key, the kind, the destination and the routing key. Not together with Message-Id.',
  ),
  'Message-Correlation-Id': text('The id that related messages have in common. Default: the id of the message.'),
  'Message-Parent-Id': text(
    'The id of a message that the application of this gateway is handling: the new message inherits its correlation id and headers, and names it as its parent.',
  ),
  'Message-Headers': text(
    'Message headers with their exact names and JSON types, as one JSON object; integers of up to 64 bits stay exact. A name that occurs twice in an object is refused. Wins over Message-Header-….',
    '{"executorId":"7","attempt":1}',
  ),
  'Message-Header-Executor-Id': text(
    'An example of a header of your own: any Message-Header-Some-Name becomes the message header someName. The value is UTF-8, or percent-encoded in the form in which littoral sends it to applications.',
    '7',
  ),
  'Message-Content-Type': text(
    'Converts the body from its own media type to this one before it is sent.',
    'application/json',
  ),
  'Message-Time-To-Live': Milliseconds(
    'Milliseconds after which the undelivered message expires. The time of a delayed message begins when it is due.',
  ),
  'Message-Priority': Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: maxPriority,
      description:
        'Priority for the handler, also sent as the AMQP property of that name: quorum queues of RabbitMQ 4 deliver 5 and above first.',
    }),
  ),
  'Message-Delay': Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: longestDelayMs,
      description:
        'Milliseconds to delay the message, 30 days at most. If the service of a command or message does not exist when it is due, it becomes a dead letter of this service; an event without a subscriber is dropped.',
    }),
  ),
  traceparent: text('W3C Trace Context, passed on to the handler.'),
  tracestate: text('W3C Trace Context, passed on to the handler.'),
  baggage: text('W3C Baggage, passed on to the handler.'),
};

export const SendHeaders = Type.Object(sendHeaders);

export const EventHeaders = Type.Object({
  ...sendHeaders,
  Prefer: text('handling=strict: an event without a subscriber is answered with 404.', 'handling=strict'),
});

const { 'Message-Id': _id, 'Idempotency-Key': _key, ...eventOptions } = sendHeaders;

/** The headers that apply to each message of a request with many. */
export const commonHeaders = eventOptions;

/** A CloudEvent in the structured mode. */
export const cloudEventExample = {
  specversion: '1.0',
  id: 'A234-1234-1234',
  source: '/shop/orders',
  type: 'order.placed',
  datacontenttype: 'application/json',
  data: { orderId: '123', total: 42 },
};

/** The request headers of a CloudEvent: its attributes in the binary mode, and the options of every sending route. */
export const CloudEventHeaders = Type.Object({
  'ce-specversion': text('The version of CloudEvents, for an event in the binary mode.', '1.0'),
  'ce-id': text('The id of the event, unique within its source.', 'A234-1234-1234'),
  'ce-source': text('The place where the event happened, a URI reference.', '/shop/orders'),
  'ce-type': text('The kind of event: its routing key.', 'order.placed'),
  'ce-subject': text('The subject of the event. Any other attribute is sent as ce-…, too.', '123'),
  ...eventOptions,
  Prefer: text('handling=strict: an event without a subscriber is answered with 404.', 'handling=strict'),
});

/** The body of a sending route: whatever it is, with an example in every built-in media type. */
export function sendBody(example: Readonly<Record<string, string>>) {
  const [root] = Object.keys(example);
  const fields = Object.entries(example);
  const xml = fields.map(([name, value]) => `<${name}>${value}</${name}>`).join('');
  return {
    content: {
      'application/json': { schema: Type.Unknown({ examples: [example] }) },
      'application/x-www-form-urlencoded': {
        schema: Type.Record(Type.String(), Type.String(), { examples: [example] }),
      },
      'application/xml': { schema: Type.String({ examples: [`<message>${xml}</message>`] }) },
      'text/plain': { schema: Type.String({ examples: [example[root ?? ''] ?? ''] }) },
      'application/octet-stream': { schema: Type.String({ format: 'binary' }) },
    },
  };
}

const sendStatuses: ReadonlySet<number> = new Set([400, 401, 403, 404, 409, 413, 415, 422, 429, 431, 500, 503, 504]);
/** The errors that only requests with many messages can get. */
const ofBatches: ReadonlySet<ErrorCode> = new Set(['invalid-entry', 'batch-refused']);

/** The errors that any message can get. */
export const sendCodes = allCodes.filter(
  (code) => sendStatuses.has(errorTable[code].status) && !otherErrors.has(code) && !ofBatches.has(code),
);

/** The answers of a route that sends. */
export const sendResponses = {
  202: {
    description: 'The broker has confirmed the message.',
    headers: { 'Message-Id': Type.String({ description: 'The id of the message.' }) },
    content: { 'application/json': { schema: Receipt } },
  },
  ...problems(...sendCodes),
};
