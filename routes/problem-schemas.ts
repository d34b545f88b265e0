import Type from 'typebox';
import { type ErrorCode, errorTable, LittoralError } from '../src/errors.ts';
import { toProblem } from '../src/http/problem.ts';

/** The codes of all errors. */
export const allCodes = Object.keys(errorTable) as ErrorCode[];

/** A problem document (RFC 9457). The application knows it by its name, so that it is described once. */
export const ProblemDetails = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'The place of the error, its cause, and its remedy.' }),
    code: Type.String({ description: 'The kind of error.', enum: allCodes }),
    retryable: Type.Boolean({ description: 'True if the same request can succeed later.' }),
    outcome: Type.String({
      enum: ['not-accepted', 'unknown'],
      description:
        'not-accepted: nothing was sent. unknown: the message may have been sent; repeat the request with the same Idempotency-Key or Message-Id.',
    }),
    messageId: Type.Optional(Type.String()),
    'violated-policies': Type.Optional(
      Type.Array(Type.String(), { description: 'The names of the limits that refused the request.' }),
    ),
    errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }))),
  },
  { $id: 'ProblemDetails', description: 'An error (RFC 9457).' },
);

/** The content of an answer with these errors, each with an example. */
export function problemOf(...codes: readonly ErrorCode[]) {
  const examples = codes.map((code) => {
    const error = new LittoralError(code, `${errorTable[code].title}, and why.`);
    return [code, { summary: errorTable[code].title, value: toProblem(error) }];
  });
  return {
    'application/problem+json': { schema: Type.Ref('ProblemDetails#'), examples: Object.fromEntries(examples) },
  };
}

/** The answers with these errors, by their statuses. */
export function problems(...codes: readonly ErrorCode[]) {
  const statuses = new Set(codes.map((code) => errorTable[code].status));
  return Object.fromEntries(
    Array.from(statuses, (status) => {
      const those = codes.filter((code) => errorTable[code].status === status);
      const description = those.map((code) => `${errorTable[code].title}.`).join(' ');
      return [status, { description, content: problemOf(...those) }];
    }),
  );
}
