import Type, { type Static } from 'typebox';
import { longestDelayMs } from '../message/limits.ts';
import { isRecord } from '../schema/is-record.ts';
import { compileSchema } from '../schema/schema-check.ts';
import { validateSettings } from '../schema/validate-settings.ts';
import { describeValue } from '../text/describe-value.ts';

/** A kind of error: its class, or the name of it, or the code of an error of littoral, such as `handler-timeout`. */
export type ErrorKind = string | (abstract new (...args: never) => unknown);

/** How a handler that failed is tried again: at once, then later, with ever longer delays. */
export interface Retries {
  /** How often it is tried again later, through the broker. 0: never. Default: 3. */
  readonly maxAttempts?: number | undefined;
  /** How long the first of these waits. Default: 1 s. At most 30 days, as all delays. */
  readonly initialDelayMs?: number | undefined;
  /** How many times longer each of the following waits. 1: equally long. Default: 10. */
  readonly multiplier?: number | undefined;
  /** The longest that one waits. Default: 1 hour. */
  readonly maxDelayMs?: number | undefined;
  /**
   * The share of each delay by which it may be shorter, chosen at random, so that messages which failed together are not
   * retried together: 0.5 makes 10 s a delay of 5 to 10 s. From 0 to 1. Default: 0, so that equal delays keep their order.
   */
  readonly jitter?: number | undefined;
  /** Before all these, and before each of them gives up. Default: none. */
  readonly instant?: InstantRetries | undefined;
}

/** Retries in the process, with the message in hand: for a conflict that is over in the next moment. */
export interface InstantRetries {
  /** How often it is tried again at once, each time it is delivered. Default: 0. */
  readonly maxAttempts?: number | undefined;
  /** The only errors after which it is. Default: all that can be retried. */
  readonly errors?: readonly ErrorKind[] | undefined;
}

const closed = { additionalProperties: false };
const Attempts = Type.Integer({ minimum: 0, maximum: 1000 });
const Delay = Type.Integer({ minimum: 1, maximum: longestDelayMs });

/** What a configuration or a handler may say of retries, as far as a schema can tell. */
export const RetriesSettings = Type.Object(
  {
    maxAttempts: Type.Optional(Attempts),
    initialDelayMs: Type.Optional(Delay),
    multiplier: Type.Optional(Type.Number({ minimum: 1, maximum: 1000 })),
    maxDelayMs: Type.Optional(Delay),
    jitter: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    instant: Type.Optional(
      Type.Object({ maxAttempts: Type.Optional(Attempts), errors: Type.Optional(Type.Array(Type.Unknown())) }, closed),
    ),
  },
  closed,
);

true satisfies keyof Retries extends keyof Static<typeof RetriesSettings> ? true : never;

const check = compileSchema(RetriesSettings);

/** What is wrong with the retries of a handler. */
export function validateRetries(retries: unknown): string[] {
  if (retries === undefined) return [];
  if (!isRecord(retries)) return [`its 'retries' is ${describeValue(retries)}, not an object of settings`];
  return [
    ...validateSettings(check, retries).map(({ path, message }) => `its 'retries.${path}' ${message}`),
    ...validateErrorKinds(retries).map((issue) => `its 'retries.${issue}`.replace(': ', "' ")),
  ];
}

/** What no schema can say: each with its path below the retries. */
export function validateErrorKinds({ instant }: { readonly instant?: unknown }): string[] {
  const errors = isRecord(instant) ? instant.errors : undefined;
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((kind, index) => {
    if (typeof kind === 'function' || (typeof kind === 'string' && kind !== '')) return [];
    return [`instant.errors.${index}: is ${describeValue(kind)}, not the name of an error or its class`];
  });
}
