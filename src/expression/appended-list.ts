/** Counts the items of a list, and throws if there are too many. */
type CountItems = (length: number) => void;

/**
 * A value to which others are appended, as by `$append`: items of lists become items of one list. JSONata copies the
 * list for each value that it appends, a time that grows with the square of the length.
 */
export class AppendedList {
  #value: unknown;
  /** The list, once there is more than one value. */
  #list: unknown[] | undefined;
  readonly #countItems: CountItems;

  /** @param countItems called with the new length before the list grows */
  constructor(first: unknown, countItems: CountItems) {
    this.#value = first;
    this.#countItems = countItems;
  }

  append(value: unknown): void {
    if (value === undefined) return;
    if (this.#value === undefined) this.#value = value;
    else if (this.#list) this.#add(this.#list, value);
    else {
      this.#list = [];
      this.#add(this.#list, this.#value);
      this.#add(this.#list, value);
      this.#value = this.#list;
    }
  }

  /** True if the value is a list that was made here. */
  get isList(): boolean {
    return this.#list !== undefined;
  }

  get value(): unknown {
    return this.#value;
  }

  #add(list: unknown[], value: unknown): void {
    if (Array.isArray(value)) {
      this.#countItems(list.length + value.length);
      for (const item of value) list.push(item);
    } else if (list.push(value) % 1_000 === 0) this.#countItems(list.length);
  }
}
