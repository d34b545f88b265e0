/**
 * The number of calls of an application that may run at once. It begins with one, rises with each success, and halves
 * when the application is slow, as TCP does with its congestion window.
 */
export class CallWindow {
  readonly #largest: number;
  #size = 1;
  #isSlowed = false;

  constructor(largest: number) {
    this.#largest = largest;
  }

  get size(): number {
    return this.#size;
  }

  /** The size that it can have at most. */
  get largest(): number {
    return this.#largest;
  }

  /** True from the moment the application was slow until the window is as large as it can be. */
  get isSlowed(): boolean {
    return this.#isSlowed;
  }

  rise(): void {
    if (this.#size < this.#largest) this.#size += 1;
    if (this.#size === this.#largest) this.#isSlowed = false;
  }

  halve(): void {
    this.#size = Math.max(1, Math.floor(this.#size / 2));
    this.#isSlowed = this.#largest > 1;
  }

  /** Begins again with one. */
  reset(): void {
    this.#size = 1;
    this.#isSlowed = false;
  }
}
