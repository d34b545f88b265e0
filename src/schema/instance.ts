import Type, { type TUnsafe } from 'typebox';
import { describeValue } from '../text/describe-value.ts';
import { type Class, isClass, nameOfClass } from './class.ts';

/** A class with a constructor that is public, protected or private. */
interface ClassOf<T> {
  readonly prototype: T;
  readonly name: string;
}

// An ordinary key, because TypeBox copies the keys of a schema that it wraps, and would lose a symbol.
const key = '~class';

/**
 * A schema for the instances of a class, to be composed with others: nullable, optional, in lists, objects and unions.
 * The type converters that are registered for the class convert values from the wire.
 *
 * @param type the class
 * @throws TypeError when it is no class, such as one that circular imports have not defined yet
 */
export function instance<T>(type: ClassOf<T>): TUnsafe<T> {
  if (!isClass(type)) {
    throw new TypeError(`instance(…) takes a class and was given ${describeValue(type)}.`);
  }
  return Type.Refine(
    Type.Unsafe<T>({ [key]: type }),
    (value) => value instanceof type,
    () => `must be ${nameOfClass(type)}`,
  );
}

/** Returns the class of a schema that `instance` made; undefined for any other. */
export function classOf(schema: object): Class | undefined {
  return Object.hasOwn(schema, key) ? (schema as Record<typeof key, Class>)[key] : undefined;
}
