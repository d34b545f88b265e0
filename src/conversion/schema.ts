import type { TSchema } from 'typebox';

/**
 * A TypeBox schema. TypeBox's own type for one is empty, and would let texts, numbers, lists and functions through, and
 * schemas of other libraries, which say `~standard`.
 */
export type Schema = TSchema & {
  readonly length?: never;
  readonly expression?: never;
  readonly '~standard'?: never;
} & object;
