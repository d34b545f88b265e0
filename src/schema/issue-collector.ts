import type { Issue } from '../errors.ts';
import { escapePointer } from '../text/json-pointer.ts';
import { shorten } from '../text/shorten.ts';
import type { FormatTraits } from './coercion-context.ts';

/** The number of issues that are listed of one value. */
export const maxIssues = 50;

/** A path consists of keys of the value, which can be as long as the value. */
export const maxPathLength = 200;

/** Collects the issues of one value and of its parts, each with its path. */
export class IssueCollector {
  readonly traits: FormatTraits;
  /** True if the search is within one of several branches that the value could have been meant for. */
  readonly isTentative: boolean;
  readonly #issues: Issue[] = [];
  readonly #path: (string | number)[] = [];

  constructor(traits: FormatTraits, isTentative = false) {
    this.traits = traits;
    this.isTentative = isTentative;
  }

  /** The issues so far, at most fifty. */
  get issues(): readonly Issue[] {
    return this.#issues;
  }

  /** True once fifty issues were found, so that the search can end. */
  get isFull(): boolean {
    return this.#issues.length >= maxIssues;
  }

  /** Adds issues. @param issues with their paths from the current part */
  add(issues: readonly Issue[]): void {
    const at = this.#path.map((key) => `/${escapePointer(key)}`).join('');
    for (const { path, message } of issues) {
      if (this.isFull) return;
      const whole = shorten(`${at}${path}`, maxPathLength);
      // Two parts of an intersection can find the same issue.
      const isKnown = this.#issues.some((known) => known.path === whole && known.message === message);
      if (!isKnown) this.#issues.push({ path: whole, message });
    }
  }

  /** Explains a part of the current value. */
  descend(key: string | number, explain: (value: unknown, collector: IssueCollector) => void, value: unknown): void {
    if (this.isFull) return;
    this.#path.push(key);
    explain(value, this);
    this.#path.pop();
  }

  /** Returns the issues of the current value without adding them. */
  collectSeparately(
    explain: (value: unknown, collector: IssueCollector) => void,
    value: unknown,
    isTentative = this.isTentative,
  ): readonly Issue[] {
    const collector = new IssueCollector(this.traits, isTentative);
    explain(value, collector);
    return collector.issues;
  }
}
