import type { LittoralError } from '../errors.ts';

/** The distinctions that a media type cannot express. */
export interface FormatTraits {
  /** A list of one is read as its item. */
  readonly singleItemIsList?: boolean | undefined;
  /** The form in which an empty object is read: as an empty text, or as an empty list. */
  readonly emptyObjectAs?: 'text' | 'list' | undefined;
  /** A list with gaps is read as an object whose keys are the places of its items. */
  readonly listsHaveGaps?: boolean | undefined;
  /**
   * A list is read from an object of entries as well. If that object could also be the only item of the list,
   * `preferred` reads it as entries, because the media type is written in that form, and `possible` as the item. With
   * `preferred`, an empty text is an empty list.
   */
  readonly listsInEntries?: 'preferred' | 'possible' | undefined;
}

const maxNestedAttempts = 1_000;
const maxMisfits = 1_000;

/** One value on its way through the coercers of its type. */
export class CoercionContext {
  readonly traits: FormatTraits;
  /** The first value that a type converter threw. */
  cause: unknown;
  /** The first LittoralError that a type converter threw. */
  rejection: LittoralError | undefined;
  #attemptDepth = 0;
  #nestedAttempts = 0;
  #misfits = 0;
  readonly #known = new Map<object, Map<object, unknown>>();

  constructor(traits: FormatTraits) {
    this.traits = traits;
  }

  /** True while another way may be tried. */
  get canAttempt(): boolean {
    return this.#attemptDepth === 0 || this.#nestedAttempts < maxNestedAttempts;
  }

  /**
   * Counts a part of the value that cannot be coerced, so that the whole cannot fit. Has no effect during an attempt.
   */
  noteMisfit(): void {
    if (this.#attemptDepth === 0) this.#misfits++;
  }

  /** Returns whether so many parts cannot be coerced that the rest is skipped. */
  get isHopeless(): boolean {
    return this.#misfits >= maxMisfits;
  }

  /**
   * Coerces each object once by a definition: if the branches of a union refer back to it, each level of a value would
   * otherwise double the work.
   *
   * @param definition the key of the definition
   */
  once(definition: object, coerce: (value: unknown, context: CoercionContext) => unknown, value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return coerce(value, this);
    const known = this.#known.get(definition) ?? new Map<object, unknown>();
    this.#known.set(definition, known);
    if (known.has(value)) return known.get(value);
    const coerced = coerce(value, this);
    known.set(value, coerced);
    return coerced;
  }

  /**
   * Coerces tentatively, as a branch of a union. Unions within unions, tried all ways, would take time without bound,
   * so at some point no more is tried.
   */
  attempt(coerce: (value: unknown, context: CoercionContext) => unknown, value: unknown): unknown {
    if (this.#attemptDepth > 0 && ++this.#nestedAttempts > maxNestedAttempts) return value;
    this.#attemptDepth++;
    const coerced = coerce(value, this);
    this.#attemptDepth--;
    return coerced;
  }
}
