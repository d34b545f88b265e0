/** Wakes the one that waits for the next change. */
export class ChangeSignal {
  #wake = () => {};

  notify(): void {
    this.#wake();
  }

  /** Resolves at the next change. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
