import type { Fault, LittoralError } from '../errors.ts';

/**
 * Makes of a value what a schema wants, as far as that loses nothing. Returns the value itself where nothing is to be
 * done or nothing can be, else a copy; whether the result fits is for the check to say.
 */
export type Coerce = (value: unknown, run: CoercionRun) => unknown;

/** What a media type cannot tell apart. */
export interface Ambiguity {
  /** A list of one is read as its item. */
  readonly losesLists?: boolean | undefined;
  /** An empty object is read as that: as an empty text, or as an empty list. */
  readonly emptyObjectIs?: 'text' | 'list' | undefined;
}

const maxNestedAttempts = 10_000;
const maxExplanations = 100;

/** One value on its way through the coercers of its schema. */
export class CoercionRun {
  readonly ambiguity: Ambiguity;
  /** What a type converter threw first. */
  cause: unknown;
  /** The first LittoralError that a type converter threw. */
  refusal: LittoralError | undefined;
  readonly #path: (string | number)[] = [];
  readonly #explanations: { path: string; faults: readonly Fault[] }[] | undefined;
  #attemptDepth = 0;
  #nestedAttempts = 0;

  /** @param explains whether the value is known not to fit, and all that is asked is why */
  constructor(ambiguity: Ambiguity, explains = false) {
    this.ambiguity = ambiguity;
    if (explains) this.#explanations = [];
  }

  /** Coerces a part of the value in hand. */
  within(key: string | number, coerce: Coerce, value: unknown): unknown {
    this.#path.push(key);
    const coerced = coerce(value, this);
    this.#path.pop();
    return coerced;
  }

  /**
   * Coerces tentatively, as a branch of a union. Unions within unions, tried all ways, would take time without bound,
   * so at some point no more is tried.
   */
  attempt(coerce: Coerce, value: unknown): unknown {
    if (this.#attemptDepth > 0 && ++this.#nestedAttempts > maxNestedAttempts) return value;
    this.#attemptDepth++;
    const coerced = coerce(value, this);
    this.#attemptDepth--;
    return coerced;
  }

  /** Whether it is worth finding out why the value in hand does not fit. */
  get explains(): boolean {
    return this.#explanations !== undefined && this.#attemptDepth === 0 && this.#explanations.length < maxExplanations;
  }

  /**
   * Says why the value in hand does not fit, in place of what its check says. What is explained later lies further
   * inside.
   *
   * @param faults with their paths from the value in hand
   */
  explain(faults: readonly Fault[]): void {
    const path = this.#path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    this.#explanations?.push({
      path,
      faults: faults.map((fault) => ({ path: `${path}${fault.path}`, message: fault.message })),
    });
  }

  /** The faults of the whole value: those of its check, and where something explained them, that. */
  explained(faults: readonly Fault[]): readonly Fault[] {
    const explanations = this.#explanations ?? [];
    const isLeft = (fault: Fault, inner: typeof explanations) => !inner.some(({ path }) => isAt(path, fault.path));
    return [
      ...faults.filter((fault) => isLeft(fault, explanations)),
      ...explanations.flatMap(({ faults }, index) =>
        faults.filter((fault) => isLeft(fault, explanations.slice(index + 1))),
      ),
    ];
  }
}

function isAt(path: string, inner: string): boolean {
  return inner === path || inner.startsWith(`${path}/`);
}
