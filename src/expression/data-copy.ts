/** The rules of a copy. */
export interface CopyRules {
  /** Returns the copy of a value that is not copied item by item, and `copiedByItem` for a list or an object that is. */
  leaf(value: unknown): unknown;
  key(key: string): string;
  /** Makes the object that receives the fields. */
  fields(): Record<string, unknown>;
  /** Called for each list and object, before its items are copied. */
  began?(original: object, copy: object, size: number): void;
}

/** The result of `CopyRules.leaf` for a list or an object whose items are copied. */
export const copiedByItem = Symbol('copied by item');

interface OpenList {
  readonly keys: undefined;
  readonly from: readonly unknown[];
  readonly to: unknown[];
  next: number;
}

interface OpenFields {
  readonly keys: readonly string[];
  readonly from: Readonly<Record<string, unknown>>;
  readonly to: Record<string, unknown>;
  next: number;
}

/**
 * Copies a value deeply, in slices between which the event loop can turn. It does not recurse, so the depth of the value
 * has no limit.
 */
export class DataCopy {
  readonly #rules: CopyRules;
  readonly #open: (OpenList | OpenFields)[] = [];
  /** The copy; valid once `advance` has returned true. */
  readonly result: unknown;

  constructor(value: unknown, rules: CopyRules) {
    this.#rules = rules;
    this.result = this.#copyOf(value);
  }

  /** Copies up to `count` items more; a long text counts as several. @returns true if the copy is complete */
  advance(count: number): boolean {
    const open = this.#open;
    let left = count;
    while (left > 0) {
      const last = open.at(-1);
      if (last === undefined) return true;
      left = last.keys === undefined ? this.#copyItems(last, left) : this.#copyFields(last, left);
    }
    return open.length === 0;
  }

  /** @returns the rest of the count; the copy of an item that has items of its own comes before the items behind it */
  #copyItems(list: OpenList, count: number): number {
    const { from, to } = list;
    const depth = this.#open.length;
    let left = count;
    while (list.next < from.length && left > 0) {
      const index = list.next++;
      to[index] = this.#copyOf(from[index]);
      left -= workOf(from[index]);
      if (this.#open.length > depth) return left;
    }
    if (list.next >= from.length) this.#open.pop();
    return left;
  }

  #copyFields(fields: OpenFields, count: number): number {
    const { from, to, keys } = fields;
    const depth = this.#open.length;
    let left = count;
    while (fields.next < keys.length && left > 0) {
      const key = keys[fields.next++] as string;
      setField(to, this.#rules.key(key), this.#copyOf(from[key]));
      left -= workOf(from[key]);
      if (this.#open.length > depth) return left;
    }
    if (fields.next >= keys.length) this.#open.pop();
    return left;
  }

  #copyOf(value: unknown): unknown {
    const leaf = this.#rules.leaf(value);
    if (leaf !== copiedByItem) return leaf;
    if (Array.isArray(value)) {
      // A list of known length takes a quarter of the time of one that grows.
      const to = new Array<unknown>(value.length);
      this.#rules.began?.(value, to, value.length);
      if (value.length > 0) this.#open.push({ keys: undefined, from: value, to, next: 0 });
      return to;
    }
    const from = value as Record<string, unknown>;
    const keys = Object.keys(from);
    const to = this.#rules.fields();
    this.#rules.began?.(from, to, keys.length);
    if (keys.length > 0) this.#open.push({ keys, from, to, next: 0 });
    return to;
  }
}

/** The number of characters that are looked at in the time of one item. */
const charactersOfItem = 500;

function workOf(value: unknown): number {
  return typeof value === 'string' ? 1 + Math.floor(value.length / charactersOfItem) : 1;
}

/** Sets a field, also one that is called `__proto__`. */
export function setField(fields: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') fields[key] = value;
  else Object.defineProperty(fields, key, { value, configurable: true, enumerable: true, writable: true });
}
