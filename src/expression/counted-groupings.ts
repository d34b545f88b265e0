import type { ExpressionNode, KeyAndValue } from './expression-node.ts';
import * as make from './expression-node.ts';
import { nativeNames } from './native-names.ts';

/** Rewrites the groupings of one expression so that their keys are counted. */
export class CountedGroupings {
  readonly #counted = new WeakSet<ExpressionNode>();
  /** The variables that hold the keys, by the pairs of the grouping. */
  readonly #variables = new WeakMap<readonly KeyAndValue[], ExpressionNode>();
  #groupings = 0;

  /**
   * Returns a grouping of items with variables in a block that has a variable for the keys, because JSONata evaluates
   * each of these items in a frame of its own.
   *
   * @param hoistedName returns a new name for a variable
   * @returns the same node where there is nothing to do
   */
  withVariable(path: ExpressionNode, hoistedName: () => string): ExpressionNode {
    const { group, tuple, steps = [] } = path;
    if (!group || tuple || this.#variables.has(group.lhs) || !steps.some((step) => step.tuple)) return path;
    const name = hoistedName();
    this.#variables.set(group.lhs, make.variable(name));
    return make.block([make.bind(name, make.call(nativeNames.groupKeys)), path]);
  }

  /** Has the keys of rewritten pairs counted, unless they are literals. */
  countKeys(pairs: KeyAndValue[]): void {
    const keys = this.#variables.get(pairs) ?? make.text(String(++this.#groupings));
    for (const pair of pairs) {
      const [key] = pair;
      if (key.type === 'string' || this.#counted.has(key)) continue;
      pair[0] = make.call(nativeNames.groupKey, [key, keys]);
      this.#counted.add(pair[0]);
    }
  }
}
