/** What checks and completes the arguments of a function. */
export interface Signature {
  validate(args: readonly unknown[], context: unknown): unknown[];
}

/**
 * The signature of one of JSONata's functions that takes a BigInt for a number. By itself it takes one for an argument that
 * is missing, and `$count(payload.id)` would be nothing.
 */
export function takingBigInts(signature: Signature): Signature {
  return {
    ...signature,
    validate(args, context) {
      const given = [...args, context].filter((one) => typeof one === 'bigint');
      if (given.length === 0) return signature.validate(args, context);
      const standIns = new StandIns([...args, context]);
      try {
        const validated = signature.validate(args.map(standIns.put), standIns.put(context));
        // A single argument where a list is wanted is now the only one of a list.
        return validated.map((one) =>
          Array.isArray(one) && !args.includes(one) ? one.map(standIns.back) : standIns.back(one),
        );
      } catch (error) {
        const { value } = error as { value?: unknown };
        throw Object.assign(error as object, { value: standIns.back(value) });
      }
    },
  };
}

/** Numbers in the place of BigInts, other ones than those beside them. */
class StandIns {
  readonly #bigInts = new Map<unknown, bigint>();
  readonly #taken: readonly unknown[];
  #next = 0.5;

  constructor(taken: readonly unknown[]) {
    this.#taken = taken;
  }

  readonly put = (value: unknown): unknown => {
    if (typeof value !== 'bigint') return value;
    do this.#next += 1;
    while (this.#taken.includes(this.#next));
    this.#bigInts.set(this.#next, value);
    return this.#next;
  };

  readonly back = (value: unknown): unknown => this.#bigInts.get(value) ?? value;
}
