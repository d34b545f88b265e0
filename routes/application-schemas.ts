import Type from 'typebox';

/** The state of an application that receives messages: one behind a URL, or one that pulls. */
export const Application = Type.Object({
  url: Type.Optional(Type.String({ description: 'Its address.' })),
  state: Type.Optional(
    Type.String({
      enum: ['up', 'slowed', 'away'],
      description:
        'slowed: it gets fewer requests at once, because it was slow or asked for it. away: its messages wait, and no attempt is counted.',
    }),
  ),
  awaySince: Type.Optional(Type.String({ format: 'date-time', description: 'The time at which it went away.' })),
  reason: Type.Optional(Type.String({ description: 'The reason why it is away.' })),
  skipped: Type.Integer({
    description: 'Number of messages that were acknowledged without a request, because their `when` was false.',
  }),
  concurrency: Type.Optional(
    Type.Integer({ description: 'Maximum number of requests that it gets at once at the moment.' }),
  ),
  pull: Type.Optional(Type.Boolean({ description: 'True for an application that pulls its messages.' })),
  pullsWaiting: Type.Optional(Type.Integer({ description: 'Number of pulls that wait for messages.' })),
  leases: Type.Optional(Type.Integer({ description: 'Number of messages that are leased.' })),
  messagesWaiting: Type.Optional(
    Type.Integer({ description: 'Number of messages that wait in this process for a pull of their endpoint.' }),
  ),
});
