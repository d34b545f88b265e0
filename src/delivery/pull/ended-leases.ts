/** Time for which the end of a lease is remembered, in milliseconds. */
const rememberedMs = 15 * 60_000;
const mostRemembered = 10_000;

/** The leases that ended lately, so that a client that asks late or twice gets an answer. */
export class EndedLeases<Result> {
  /** In the order in which they ended. */
  readonly #results = new Map<string, { readonly result: Result; readonly endedAt: number }>();

  add(id: string, result: Result): void {
    this.#results.set(id, { result, endedAt: performance.now() });
    this.#dropOld();
  }

  find(id: string): Result | undefined {
    this.#dropOld();
    return this.#results.get(id)?.result;
  }

  #dropOld(): void {
    const oldest = performance.now() - rememberedMs;
    for (const [id, { endedAt }] of this.#results) {
      if (endedAt > oldest && this.#results.size <= mostRemembered) return;
      this.#results.delete(id);
    }
  }
}
