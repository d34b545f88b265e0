import type { Fault } from '../errors.ts';
import type { Ambiguity } from './coercion-run.ts';

const maxFaults = 50;
const maxPathLength = 200;

/** One value whose faults are looked for: those of its parts, each with its path. */
export class FaultSearch {
  readonly ambiguity: Ambiguity;
  /** Whether the search is within one of several branches that the value could have been meant for. */
  readonly isTentative: boolean;
  readonly #faults: Fault[] = [];
  readonly #path: (string | number)[] = [];

  constructor(ambiguity: Ambiguity, isTentative = false) {
    this.ambiguity = ambiguity;
    this.isTentative = isTentative;
  }

  /** What was found, up to fifty. */
  get faults(): readonly Fault[] {
    return this.#faults;
  }

  /** Whether enough was found. */
  get isFull(): boolean {
    return this.#faults.length >= maxFaults;
  }

  /** @param faults with their paths from the part in hand */
  add(faults: readonly Fault[]): void {
    const at = this.#path.map((key) => `/${escaped(key)}`).join('');
    for (const { path, message } of faults) {
      if (this.isFull) return;
      const whole = shortened(`${at}${path}`);
      // Two parts of an intersection can find the same.
      const isKnown = this.#faults.some((known) => known.path === whole && known.message === message);
      if (!isKnown) this.#faults.push({ path: whole, message });
    }
  }

  /** Looks into a part of the value in hand. */
  within(key: string | number, explain: (value: unknown, search: FaultSearch) => void, value: unknown): void {
    if (this.isFull) return;
    this.#path.push(key);
    explain(value, this);
    this.#path.pop();
  }

  /** The faults of the value in hand by itself, not added yet. */
  aside(
    explain: (value: unknown, search: FaultSearch) => void,
    value: unknown,
    isTentative = this.isTentative,
  ): readonly Fault[] {
    const search = new FaultSearch(this.ambiguity, isTentative);
    explain(value, search);
    return search.faults;
  }
}

/** A key in a JSON Pointer (RFC 6901 section 3). */
export function escaped(key: string | number): string {
  return String(key).replaceAll('~', '~0').replaceAll('/', '~1');
}

/** A path is made of the value's own keys, which can be as long as the value. */
function shortened(path: string): string {
  return path.length > maxPathLength ? `${path.slice(0, maxPathLength)}…` : path;
}
