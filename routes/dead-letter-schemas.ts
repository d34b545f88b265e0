import Type from 'typebox';

const closed = { additionalProperties: false };
const id = '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10';

const filter = {
  routingKey: Type.Optional(
    Type.String({ maxLength: 255, description: 'Only of this routing key. `*` stands for any characters.' }),
  ),
  error: Type.Optional(
    Type.String({
      maxLength: 255,
      description:
        'Only with this class of error, such as `TypeError` or `littoral.no-handler`, or what the broker gave it up for: `delivery_limit`, `expired`, `rejected`. `*` stands for any characters.',
    }),
  ),
};

/** What a list can be asked for. */
export const DeadLetterQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 50, description: 'How many at most.' })),
    after: Type.Optional(
      Type.String({ maxLength: 512, description: 'Goes on after an earlier page: what that gave as `next`.' }),
    ),
    ...filter,
  },
  closed,
);

/** Which dead letters are to be replayed. */
export const ReplayRequest = Type.Object(
  {
    ...filter,
    limit: Type.Optional(Type.Integer({ minimum: 1, description: 'How many at most. Default: all.' })),
  },
  { ...closed, examples: [{ routingKey: 'billing.*', error: 'TypeError' }] },
);

/** What became of them. */
export const Replayed = Type.Object(
  {
    replayed: Type.Integer(),
    failed: Type.Integer({ description: 'How many cannot be published again, and were kept.' }),
  },
  { examples: [{ replayed: 12, failed: 0 }] },
);

export const DeadLetterParams = Type.Object({
  id: Type.String({ description: "The dead letter's own id, not that of its message.", examples: [id] }),
});

const text = (description: string) => Type.Optional(Type.String({ description }));

const Payload = Type.Object(
  {
    text: text('Where it is text.'),
    base64: text('Where it is not.'),
    truncated: Type.Optional(Type.Boolean({ description: 'True where there is more of it.' })),
  },
  { description: 'The payload, in a list its beginning.' },
);

const summary = {
  id: Type.String({ description: 'Its own id: a message that failed in two handlers is two dead letters.' }),
  messageId: text('The id of the message.'),
  correlationId: text('Ties the message to others.'),
  kind: text('command, event or message.'),
  routingKey: text('The name of the command or event.'),
  endpoint: text('The handler that failed. Absent where the message failed before one was found.'),
  service: text('The service in which it failed.'),
  deadLetteredAt: Type.Optional(Type.String({ format: 'date-time' })),
  attempts: Type.Optional(Type.Integer({ description: 'How often the handler was called.' })),
  error: Type.Optional(
    Type.Object(
      { class: Type.String(), message: Type.String(), code: Type.Integer() },
      { description: 'What it failed with. Absent where the broker gave it up.' },
    ),
  ),
  reasonCode: text(
    'Why it is a dead letter, in one word: expired, unhandled, malformed, undecodable or refused, or a word of the broker ' +
      'such as delivery_limit. Absent where its handler failed.',
  ),
  reason: text('The same in words, where the broker gave it up or it expired.'),
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
    fault: text('Why nothing behind these can be seen. Absent: all is well.'),
  },
  { examples: [{ items: [example], next: null }] },
);

/** All of one dead letter. */
export const DeadLetterDetails = Type.Object(
  {
    ...summary,
    stackTrace: text('The stack trace of the error, shortened.'),
    thrownAt: text('Where the error was thrown: file:line.'),
    headers: Type.Record(Type.String(), Type.Unknown(), {
      description: 'All headers, those of the error included. An integer beyond 2^53 is text, which no reader rounds.',
    }),
  },
  { examples: [{ ...example, thrownAt: 'person.ts:7', headers: { executorId: '7' } }] },
);
