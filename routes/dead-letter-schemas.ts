import Type from 'typebox';

const closed = { additionalProperties: false };
const id = '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10';

const filter = {
  routingKey: Type.Optional(
    Type.String({
      maxLength: 255,
      description: 'Only dead letters with this routing key. `*` matches any characters.',
    }),
  ),
  error: Type.Optional(
    Type.String({
      maxLength: 255,
      description:
        'Only dead letters with this class of error, such as `TypeError` or `littoral.no-handler`, or with this reason of the broker: `delivery_limit`, `expired`, `rejected`. `*` matches any characters.',
    }),
  ),
};

/** The query of a list. */
export const DeadLetterQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, default: 50, description: 'Maximum number of dead letters.' }),
    ),
    after: Type.Optional(
      Type.String({ maxLength: 512, description: 'Continues after an earlier page: the `next` of that page.' }),
    ),
    ...filter,
  },
  closed,
);

/** Which dead letters are to be replayed. */
export const ReplayRequest = Type.Object(
  {
    ...filter,
    limit: Type.Optional(Type.Integer({ minimum: 1, description: 'Maximum number of dead letters. Default: all.' })),
  },
  { ...closed, examples: [{ routingKey: 'billing.*', error: 'TypeError' }] },
);

/** The result of a replay. */
export const Replayed = Type.Object(
  {
    replayed: Type.Integer(),
    failed: Type.Integer({ description: 'Number of dead letters that were kept because they cannot be published.' }),
  },
  { examples: [{ replayed: 12, failed: 0 }] },
);

export const DeadLetterParams = Type.Object({
  id: Type.String({ description: "The dead letter's own id, not that of its message.", examples: [id] }),
});

const text = (description: string) => Type.Optional(Type.String({ description }));

const Payload = Type.Object(
  {
    text: text('The payload, if it is text.'),
    base64: text('The payload in base64, if it is not text.'),
    truncated: Type.Optional(Type.Boolean({ description: 'True if this is only the beginning.' })),
  },
  { description: 'The payload, in a list its beginning.' },
);

const summary = {
  id: Type.String({ description: 'Its own id: a message that failed in two handlers is two dead letters.' }),
  messageId: text('The id of the message.'),
  correlationId: text('The id that related messages have in common.'),
  kind: text('command, event or message.'),
  routingKey: text('The name of the command or event.'),
  endpoint: text('The handler that failed. Absent where the message failed before one was found.'),
  service: text('The service in which it failed.'),
  deadLetteredAt: Type.Optional(Type.String({ format: 'date-time' })),
  attempts: Type.Optional(Type.Integer({ description: 'Number of calls of the handler.' })),
  error: Type.Optional(
    Type.Object(
      { class: Type.String(), message: Type.String(), code: Type.Integer() },
      { description: 'The error of the handler. Absent if the broker dead-lettered the message.' },
    ),
  ),
  reasonCode: text(
    'Why it is a dead letter, in one word: expired, unhandled, malformed, undecodable or refused, or a word of the broker ' +
      'such as delivery_limit. Absent where its handler failed.',
  ),
  reason: text('The reason in a sentence, if the broker dead-lettered the message or it expired.'),
  contentType: text('The media type of the payload.'),
  contentEncoding: text(
    'The content encoding of the payload. A single dead letter shows it decompressed, a list shows it compressed.',
  ),
  bytes: Type.Integer({ description: 'The size of the payload.' }),
  payload: Payload,
};

const example = {
  id,
  messageId: '019f8a1e-7f00-7c3e-9d51-2f1a7f3f2f11',
  correlationId: '019f8a1e-7f00-7c3e-9d51-2f1a7f3f2f11',
  kind: 'command',
  routingKey: 'billing.changeDetails',
  endpoint: 'billing.changeDetails',
  service: 'billing',
  deadLetteredAt: '2026-01-31T12:00:00.000Z',
  attempts: 4,
  error: { class: 'TypeError', message: 'no such person', code: 0 },
  contentType: 'application/json',
  bytes: 18,
  payload: { text: '{"personId":"123"}' },
};

/** A page of the list. */
export const DeadLetterPage = Type.Object(
  {
    items: Type.Array(Type.Object(summary)),
    next: Type.Union([Type.String(), Type.Null()], {
      description: 'The page after this one, as `after`. Null at the end.',
    }),
    total: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Total number of dead letters. Present only if a filter matches none of them.',
      }),
    ),
    fault: text('The reason why the dead letters after these cannot be shown. Absent if there is none.'),
  },
  { examples: [{ items: [example], next: null }] },
);

/** All of one dead letter. */
export const DeadLetterDetails = Type.Object(
  {
    ...summary,
    stackTrace: text('The stack trace of the error, shortened.'),
    thrownAt: text('The place at which the error was thrown: file:line.'),
    headers: Type.Record(Type.String(), Type.Unknown(), {
      description: 'All headers, those of the error included. An integer beyond 2^53 is text, which no reader rounds.',
    }),
  },
  { examples: [{ ...example, thrownAt: 'person.ts:7', headers: { executorId: '7' } }] },
);
