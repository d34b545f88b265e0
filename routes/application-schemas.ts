import Type from 'typebox';

/** The state of an application that receives messages. */
export const Application = Type.Object({
  url: Type.String({ description: 'Its address.' }),
  state: Type.String({
    enum: ['up', 'slowed', 'away'],
    description:
      'slowed: it gets fewer requests at once, because it was slow or asked for it. away: its messages wait, and no attempt is counted.',
  }),
  awaySince: Type.Optional(Type.String({ format: 'date-time', description: 'The time at which it went away.' })),
  reason: Type.Optional(Type.String({ description: 'The reason why it is away.' })),
  skipped: Type.Integer({
    description: 'Number of messages that were acknowledged without a request, because their `when` was false.',
  }),
  concurrency: Type.Integer({ description: 'Maximum number of requests that it gets at once at the moment.' }),
});
