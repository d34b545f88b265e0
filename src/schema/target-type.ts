import { type Class, isClass } from './class.ts';
import { classOf } from './instance.ts';
import type { StaticOf } from './schema.ts';
import { isSchema, type Schema } from './schema-check.ts';

export type { Class };

/** What a value can be converted to: a TypeBox schema, or a class that a type converter makes. */
export type TargetType = Schema | Class;

/** The TypeScript type of a value that was converted to it. */
export type ValueOf<T extends TargetType> = T extends Class<infer Instance> ? Instance : StaticOf<T>;

/** The class that a type stands for, be it given itself or as `instance(…)`. Undefined for any other schema. */
export function classOfType(type: TargetType): Class | undefined {
  return isClass(type) ? type : classOf(type);
}

/** Whether a value can be a type at all. Whether its parts are sound is for `validateType` to say. */
export function isTargetType(value: unknown): value is TargetType {
  return isClass(value) || isSchema(value);
}

/**
 * Whether two types are one and the same: one class, or one schema. `Type.Optional` and `Type.Cyclic` copy the schema
 * that they are given, so the copy of one that holds others, such as an object or a list, counts as that one.
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
  // Two schemas of a text are equal in every keyword and still two: only parts in common say that one is a copy.
  return same && ours.some((key) => typeof valueAt(one, key) === 'object' && valueAt(one, key) !== null);
}

function keywords(schema: object): string[] {
  return Object.getOwnPropertyNames(schema).filter((key) => !changedByCopying.has(key));
}

function valueAt(schema: object, key: string): unknown {
  return (schema as Record<string, unknown>)[key];
}
