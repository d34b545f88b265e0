const mostRemembered = 10_000;

/** The routing keys of the confirmed publishes on one channel. */
export class TakenKeys {
  readonly #keys = new Set<string>();
  #areMore = false;

  add(key: string): void {
    if (this.#keys.has(key)) return;
    if (this.#keys.size < mostRemembered) this.#keys.add(key);
    else this.#areMore = true;
  }

  /** Returns whether the broker may have accepted a publish under a key. Once the cache is full, any key may be one. */
  has(key: string): boolean {
    return this.#areMore || this.#keys.has(key);
  }
}
