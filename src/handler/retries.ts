import Type from 'typebox';
import { longestDelayMs } from '../message/limits.ts';
import { isRecord } from '../schema/is-record.ts';
import { compileSchema } from '../schema/schema-check.ts';
import { validateSettings } from '../schema/validate-settings.ts';
import { describeValue } from '../text/describe-value.ts';

/** A kind of error: a class, the name of a class, or the code of an error of littoral, such as `handler-timeout`. */
export type ErrorKind = string | (abstract new (...args: never) => unknown);

/** The retries of a failed handler: at once, then later, with increasing delays. */
export interface Retries {
  /** Number of delayed retries, through the broker. 0: none. Default: 3. */
  readonly maxAttempts?: number | undefined;
  /** The delay of the first of these, in milliseconds. Default: 1 s. At most 30 days, as for all delays. */
  readonly initialDelayMs?: number | undefined;
  /** The factor by which each further delay is longer. 1: all delays are equal. Default: 10. */
  readonly multiplier?: number | undefined;
  /** The longest delay, in milliseconds. Default: 1 hour. */
  readonly maxDelayMs?: number | undefined;
  /**
   * The share of each delay by which it may be shorter, chosen at random, so that messages which failed together are
   * not retried together: 0.5 makes 10 s a delay of 5 to 10 s. From 0 to 1. Default: 0, so that equal delays keep their
   * order.
   */
  readonly jitter?: number | undefined;
  /** Retries without a delay, at each delivery, before the delayed ones. Default: none. */
  readonly instant?: InstantRetries | undefined;
}

/** Retries in the process, while the message is unacknowledged: for a conflict that ends within moments. */
export interface InstantRetries {
  /** Number of instant retries for each delivery. Default: 0. */
  readonly maxAttempts?: number | undefined;
  /** The only errors that are retried instantly. Default: all that can be retried. */
  readonly errors?: readonly ErrorKind[] | undefined;
}

/** The retries of a service, in which each setting has a value. */
export type CompleteRetries = { readonly [Name in keyof Omit<Retries, 'instant'>]-?: NonNullable<Retries[Name]> } & {
  readonly instant: InstantRetries & { readonly maxAttempts: number };
};

const closed = { additionalProperties: false };
const Attempts = Type.Integer({ minimum: 0, maximum: 1000 });
const Delay = Type.Integer({ minimum: 1, maximum: longestDelayMs });

/** The schema of the retries of a configuration or a handler, as far as a schema can express it. */
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

const check = compileSchema(RetriesSettings);

/** Describes the issue of the retries of a handler. */
export function validateRetries(retries: unknown): string[] {
  if (retries === undefined) return [];
  if (!isRecord(retries)) return [`its 'retries' is ${describeValue(retries)}, not an object of settings`];
  return [
    ...validateSettings(check, retries).map(({ path, message }) => `its 'retries.${path}' ${message}`),
    ...validateErrorKinds(retries).map((issue) => `its 'retries.${issue}`.replace(': ', "' ")),
  ];
}

/** Validates what a schema cannot express. Returns each issue with its path below the retries. */
export function validateErrorKinds({ instant }: { readonly instant?: unknown }): string[] {
  const errors = isRecord(instant) ? instant.errors : undefined;
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((kind, index) => {
    if (typeof kind === 'function' || (typeof kind === 'string' && kind !== '')) return [];
    return [`instant.errors.${index}: is ${describeValue(kind)}, not the name of an error or its class`];
  });
}
