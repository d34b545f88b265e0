import type { Static, TSchema } from 'typebox';

/**
 * A TypeBox schema. TypeBox's own type is empty. It would accept strings, numbers, lists and functions, and
 * schemas of other libraries, which have `~standard`.
 */
export type Schema = TSchema & {
  readonly length?: never;
  readonly expression?: never;
  readonly '~standard'?: never;
} & object;

/**
 * The type of the values that pass a schema. `unknown` for a schema of any kind, because TypeBox's `Static` costs the
 * compiler more than a million instantiations for that one. The inner `infer` keeps TypeScript from inferring a schema
 * from such a type, which would reverse `Static` at the same cost.
 */
export type StaticOf<T> = Schema extends T
  ? unknown
  : T extends TSchema
    ? [Static<T>] extends [infer Value]
      ? Value
      : never
    : never;

const everything = {} as Schema;
const nothing = { not: everything } as Schema;

/** Returns the schema that a boolean in the place of a schema stands for (JSON Schema 2020-12, Core, section 4.3.2). */
export function withoutBoolean(schema: Schema | boolean): Schema {
  if (typeof schema !== 'boolean') return schema;
  return schema ? everything : nothing;
}
