import { type Class, isClass } from './class.ts';
import { classOf } from './instance.ts';
import type { StaticOf } from './schema.ts';
import { isSchema, type Schema } from './schema-check.ts';

export type { Class };

/** The target of a conversion: a TypeBox schema, or a class that a type converter makes. */
export type TargetType = Schema | Class;

/** The TypeScript type of a value that was converted to it. */
export type ValueOf<T extends TargetType> = T extends Class<infer Instance> ? Instance : StaticOf<T>;

/** Returns the class of a type that is a class or `instance(…)`; undefined for any other schema. */
export function classOfType(type: TargetType): Class | undefined {
  return isClass(type) ? type : classOf(type);
}

/** Returns whether a value can be a type at all. `validateType` checks its parts. */
export function isTargetType(value: unknown): value is TargetType {
  return isClass(value) || isSchema(value);
}

/**
 * Returns whether two types are the same class or the same schema. `Type.Optional` and `Type.Cyclic` copy their schema,
 * so a copy that shares its parts with the original, such as those of an object or a list, counts as the same.
 */
export function isSameType(one: TargetType, other: TargetType): boolean {
  const [oneClass, otherClass] = [classOfType(one), classOfType(other)];
  if (oneClass || otherClass) return oneClass === otherClass;
  return one === other || isCopy(one, other);
}

const changedByCopying = new Set(['~optional', '~readonly', '$id']);

function isCopy(one: object, other: object): boolean {
  const [ours, theirs] = [keywords(one), keywords(other)];
  const same = ours.length === theirs.length && ours.every((key) => valueAt(one, key) === valueAt(other, key));
  // Two schemas of a text can be equal in every keyword and still be two. Only common parts show that one is a copy.
  return same && ours.some((key) => typeof valueAt(one, key) === 'object' && valueAt(one, key) !== null);
}

function keywords(schema: object): string[] {
  return Object.getOwnPropertyNames(schema).filter((key) => !changedByCopying.has(key));
}

function valueAt(schema: object, key: string): unknown {
  return (schema as Record<string, unknown>)[key];
}
