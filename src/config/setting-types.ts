import Type from 'typebox';
import { longestTimeoutMs } from '../time/timeout.ts';

/** The options of an object without further properties. */
export const closed = { additionalProperties: false };

/** A time that a timer can wait. */
export const Milliseconds = Type.Integer({ minimum: 1, maximum: longestTimeoutMs });

/**
 * True if a documented interface and a schema have the same settings with the same types. A setting that the schema
 * leaves open (`Type.Unknown`) is compared by its name alone.
 */
export type SameSettings<Interface, Schema> = [Plain<Interface>, Plain<Schema>] extends [
  Plain<Schema>,
  Plain<Interface>,
]
  ? [keyof Interface, keyof Schema] extends [keyof Schema, keyof Interface]
    ? true
    : never
  : never;

/** A type without the marks `readonly`, `?` and `undefined`, which an interface has and a schema does not. */
type Plain<T> = unknown extends T
  ? // biome-ignore lint/suspicious/noExplicitAny: only `any` is assignable to each type and from each type
    any
  : T extends readonly (infer Item)[]
    ? readonly Plain<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]?: Plain<T[Key]> | undefined }
      : T;
