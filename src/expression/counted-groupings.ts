import type { ExpressionNode, KeyAndValue } from './expression-node.ts';
import * as make from './expression-node.ts';
import { bindsHere } from './in-turn.ts';
import { nativeNames } from './native-names.ts';

/** Rewrites the groupings of one expression so that their keys are counted. */
export class CountedGroupings {
  readonly #left = new WeakSet<ExpressionNode>();
  readonly #counted = new WeakSet<ExpressionNode>();
  /** The variables that hold the keys, by the pairs of the grouping. */
  readonly #variables = new WeakMap<readonly KeyAndValue[], ExpressionNode>();

  /**
   * Returns a grouping or an object with a variable for its keys around it, because JSONata can evaluate the same
   * grouping several times in one frame, and each item of a grouping in a frame of its own.
   *
   * @param hoistedName returns a new name for a variable
   * @returns the same node where there is nothing to do
   */
  withVariable(node: ExpressionNode, hoistedName: () => string): ExpressionNode {
    // An object is the grouping of its context, which can be a list.
    const isObject = Array.isArray(node.lhs) && !this.#variables.has(node.lhs);
    const pairs = isObject ? (node.lhs as KeyAndValue[]) : node.group?.lhs;
    if (!pairs || this.#left.has(node) || this.#variables.has(pairs) || pairs.every(([{ type }]) => type === 'string'))
      return node;
    const keys = make.variable(hoistedName());
    this.#variables.set(pairs, keys);
    const binding = make.bind(String(keys.value), make.call(nativeNames.groupKeys));
    return withBinding(node, binding, make.call(nativeNames.grouped, [keys, node]));
  }

  /** Leaves the body of a thunk as it is, because JSONata ignores its grouping, and looks for a call in it. */
  leave(body: ExpressionNode): void {
    this.#left.add(body);
  }

  /** Has the keys of rewritten pairs counted, unless they are literals. */
  countKeys(pairs: KeyAndValue[]): void {
    const keys = this.#variables.get(pairs);
    if (!keys) return;
    for (const pair of pairs) {
      const [key] = pair;
      if (key.type === 'string' || this.#counted.has(key)) continue;
      pair[0] = make.call(nativeNames.groupKey, [key, keys]);
      this.#counted.add(pair[0]);
    }
  }
}

/** The fields of a step that belong to its path. */
const ofStep = ['stages', 'focus', 'index', 'ancestor', 'tuple'] as const;

function withBinding(node: ExpressionNode, binding: ExpressionNode, call: ExpressionNode): ExpressionNode {
  // Siblings see the variables that the node binds. A block would hide these. The condition is always true.
  const around: ExpressionNode = bindsHere(node)
    ? // biome-ignore lint/suspicious/noThenProperty: the parser calls it so
      { type: 'condition', condition: make.call('exists', [binding]), then: call }
    : make.block([binding, call]);
  if (node.type === 'path') return around;
  for (const field of ofStep) {
    if (node[field] === undefined) continue;
    Object.assign(around, { [field]: node[field] });
    delete node[field];
  }
  return around;
}
