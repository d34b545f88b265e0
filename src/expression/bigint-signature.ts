/** A signature of JSONata, which checks and completes the arguments of a function. */
export interface Signature {
  validate(args: readonly unknown[], context: unknown): unknown[];
}

/**
 * Returns the signature of one of JSONata's functions, changed to accept a BigInt as a number. JSONata's own treats a
 * BigInt as a missing argument, so `$count(payload.id)` would give nothing.
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
        // JSONata has made a single argument the only item of a list where its signature asks for a list.
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

/** Numbers that stand in for BigInts, distinct from the numbers among the arguments. */
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
