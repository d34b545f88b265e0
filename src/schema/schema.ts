import type { TSchema } from 'typebox';

/**
 * A TypeBox schema. TypeBox's own type is empty. It would accept strings, numbers, lists and functions, and
 * schemas of other libraries, which have `~standard`.
 */
export type Schema = TSchema & {
  readonly length?: never;
  readonly expression?: never;
  readonly '~standard'?: never;
} & object;
