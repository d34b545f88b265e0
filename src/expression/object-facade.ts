import { isPromiseLike } from '../promise/maybe-promise.ts';
import { ForeignError } from './expression-error.ts';
import { hideKey, isReservedKey, revealKeys } from './reserved-keys.ts';

/** Turns a value that an object holds into its form inside an evaluation. */
export type ToData = (value: unknown) => unknown;

interface Facade {
  readonly target: object;
  readonly toData: ToData;
}

const facades = new WeakMap<object, object>();
const targets = new WeakMap<object, object>();

/**
 * Returns the form of an object with methods inside an evaluation: its data and getters, inherited ones included, as
 * own properties, because JSONata reads only these. Methods are not among them: they can be called (`findMethod`), but
 * not be passed around. The same object always has the same facade.
 */
export function facadeOf(target: object, toData: ToData): object {
  const known = facades.get(target);
  if (known) return known;
  const facade = new Proxy<Facade>({ target, toData }, facadeHandler);
  facades.set(target, facade);
  targets.set(facade, target);
  return facade;
}

/** Returns the object behind a facade; undefined for any other value. */
export function targetOf(value: unknown): object | undefined {
  return typeof value === 'object' && value !== null ? targets.get(value) : undefined;
}

/** Returns a method of an object by its name, inherited or not; undefined if there is none. */
export function findMethod(target: object, name: string): CallableFunction | undefined {
  const value = findMember(target, name) && Reflect.get(target, name);
  return typeof value === 'function' ? value : undefined;
}

/** Returns the names of all methods of an object, for error messages. */
export function methodNames(target: object): string[] {
  const names = new Set<string>();
  for (let holder: object | undefined = target; holder; holder = prototypeOf(holder)) {
    for (const name of Object.getOwnPropertyNames(holder)) names.add(name);
  }
  return [...names].filter((name) => typeof findMember(target, name)?.value === 'function');
}

const facadeHandler: ProxyHandler<Facade> = {
  // JSON.stringify calls `toJSON`, which decides how a date or an amount of money becomes text.
  get: (facade, key) => (key === 'toJSON' ? toJson(facade.target) : readProperty(facade, key)),
  has: ({ target }, key) => findProperty(target, key) !== undefined,
  getOwnPropertyDescriptor({ target }, key) {
    const descriptor = findProperty(target, key);
    // The value is left out, because reading it could run a getter. JSONata reads it separately.
    return descriptor && { configurable: true, enumerable: isListed(target, key), value: undefined, writable: true };
  },
  ownKeys: ({ target }) =>
    Object.getOwnPropertyNames(target)
      .map(hideKey)
      .filter((key) => isListed(target, key)),
  set: () => false,
  defineProperty: () => false,
  deleteProperty: () => false,
};

function readProperty({ target, toData }: Facade, key: string | symbol): unknown {
  if (findProperty(target, key) === undefined) return undefined;
  try {
    const value: unknown = Reflect.get(target, revealKeys(key as string));
    return isPromiseLike(value) ? Promise.resolve(value).then(toData, rethrown) : toData(value);
  } catch (error) {
    return rethrown(error);
  }
}

function rethrown(error: unknown): never {
  throw error instanceof ForeignError ? error : new ForeignError(error);
}

function toJson(target: object): CallableFunction | undefined {
  return findMethod(target, 'toJSON')?.bind(target);
}

/** Finds a property that holds data, by its name inside an evaluation. */
function findProperty(target: object, key: string | symbol): PropertyDescriptor | undefined {
  if (typeof key !== 'string' || isReservedKey(key)) return undefined;
  const descriptor = findMember(target, revealKeys(key));
  return descriptor === undefined || typeof descriptor.value === 'function' ? undefined : descriptor;
}

function isListed(target: object, key: string | symbol): boolean {
  const own = typeof key === 'string' && Object.getOwnPropertyDescriptor(target, revealKeys(key));
  return own !== false && own?.enumerable === true && findProperty(target, key) !== undefined;
}

/** Includes `then`, because an object that has it would be taken for a promise. */
const unreachable: ReadonlySet<string> = new Set(['constructor', '__proto__', 'then']);

function findMember(target: object, name: string): PropertyDescriptor | undefined {
  if (unreachable.has(name)) return undefined;
  for (let holder: object | undefined = target; holder; holder = prototypeOf(holder)) {
    const descriptor = Object.getOwnPropertyDescriptor(holder, name);
    if (descriptor) return descriptor;
  }
  return undefined;
}

/** Returns the prototype of an object, unless it is the root, which all objects share. */
function prototypeOf(holder: object): object | undefined {
  const prototype: object | null = Object.getPrototypeOf(holder);
  return prototype === null || isRootPrototype(prototype) ? undefined : prototype;
}

/** Returns whether a prototype is `Object.prototype`, of this realm or of another. */
export function isRootPrototype(prototype: object): boolean {
  return (
    prototype === Object.prototype ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'))
  );
}
