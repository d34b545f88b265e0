/** A class: a value that `new` can be used on. */
// biome-ignore lint/suspicious/noExplicitAny: the instances of any class, made of whatever its constructor takes
export type Class<T = any> = abstract new (...args: any[]) => T;

/** Returns whether a value is a function that `new` can probably be used on. */
export function isClass(value: unknown): value is Class {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}

export function nameOfClass(type: Class): string {
  return typeof type.name === 'string' && type.name !== '' ? type.name : 'a class without a name';
}
