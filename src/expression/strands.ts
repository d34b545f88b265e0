/** Maximum number of strands that are open at the same time, plus one for each list or grouping with open strands. */
export const maxOpenStrands = 1_000;

/** Called when a strand may go on. */
type GoOn = () => void;

/**
 * The strands of one evaluation: values of a grouping, or items of a list, that can wait for services at the same time.
 * One strand computes at a time, so that no turn of the event loop has to compute on all of them. A strand has the turn
 * until it waits for a service or ends.
 */
export class Strands {
  #isTaken = true;
  /** The strands whose services have answered. The first goes on first. */
  readonly #answered = new Set<GoOn>();
  /** The lists and groupings that have more strands to begin. The innermost goes on first. */
  readonly #beginning: GoOn[] = [];
  #open = 0;
  /** The lists and groupings that wait until fewer strands are open. */
  readonly #full: GoOn[] = [];

  /** Ends the turn of the strand that computes. */
  give(): void {
    const [answered] = this.#answered;
    if (answered) this.#answered.delete(answered);
    const next = answered ?? this.#beginning.pop();
    this.#isTaken = next !== undefined;
    next?.();
  }

  /**
   * Takes the turn for a strand that has waited.
   *
   * @returns a promise to await if another strand computes; undefined if the turn is taken at once
   */
  take(): Promise<void> | undefined {
    return this.#takeFrom((goOn) => this.#answered.add(goOn));
  }

  #takeFrom(wait: (goOn: GoOn) => void): Promise<void> | undefined {
    if (this.#isTaken) return new Promise(wait);
    this.#isTaken = true;
    return undefined;
  }

  /**
   * Begins strands one after the other, each once those before it wait or have ended. A strand that fails keeps the
   * turn, because the evaluation is over.
   *
   * @returns the results of all
   */
  all(count: number, begin: (index: number) => Promise<unknown>): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      const strands: Promise<unknown>[] = [];
      let open = 0;
      const follow = async (strand: Promise<unknown>) => {
        const result = await strand;
        open -= 1;
        this.#open -= 1;
        // The last one leaves the turn to what comes after the list or the grouping.
        if (open > 0 || strands.length < count) this.give();
        for (const goOn of this.#full.splice(0)) goOn();
        return result;
      };
      const beginAll = async () => {
        for (let index = 0; index < count; index++) {
          while (open > 0 && this.#open >= maxOpenStrands) await new Promise<void>((goOn) => this.#full.push(goOn));
          const turn = index === 0 ? undefined : this.#takeFrom((goOn) => this.#beginning.push(goOn));
          if (turn) await turn;
          open += 1;
          this.#open += 1;
          const strand = follow(begin(index));
          strand.catch(reject);
          strands.push(strand);
        }
        resolve(await Promise.all(strands));
      };
      beginAll().catch(reject);
    });
  }
}
