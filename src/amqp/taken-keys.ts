const mostRemembered = 10_000;

/** The keys under which the broker has confirmed a publish on one channel. */
export class TakenKeys {
  readonly #keys = new Set<string>();
  #areMore = false;

  add(key: string): void {
    if (this.#keys.has(key)) return;
    if (this.#keys.size < mostRemembered) this.#keys.add(key);
    else this.#areMore = true;
  }

  /** Whether the broker may have taken a publish under a key: of more keys than are remembered, any can be one. */
  has(key: string): boolean {
    return this.#areMore || this.#keys.has(key);
  }

  /** To be called for a new channel. */
  clear(): void {
    this.#keys.clear();
    this.#areMore = false;
  }
}
