import Type, { type Static } from 'typebox';

/** The schema of the body that every subject sends, and that consumers check it against. */
export const ChangeDetails = Type.Object({
  personId: Type.String(),
  billing: Type.Object({
    iban: Type.String({ minLength: 15, maxLength: 34 }),
    currency: Type.Enum(['EUR', 'USD', 'CHF']),
    dueInDays: Type.Integer({ minimum: 0 }),
    reminders: Type.Boolean(),
  }),
  lines: Type.Array(
    Type.Object({ article: Type.String(), amount: Type.Integer({ minimum: 1 }), price: Type.Number({ minimum: 0 }) }),
  ),
  note: Type.String(),
});

export type ChangeDetails = Static<typeof ChangeDetails>;
