/** The places of a value whose BigInts a type asks for. */
export class IntegerClaims {
  readonly #keys = new Map<object, Set<string>>();

  add(holder: object, key: string | number): void {
    const keys = this.#keys.get(holder);
    if (keys) keys.add(String(key));
    else this.#keys.set(holder, new Set([String(key)]));
  }

  has(holder: object, key: string): boolean {
    return this.#keys.get(holder)?.has(key) ?? false;
  }
}
