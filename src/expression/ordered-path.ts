import { bindsHere } from './binds-here.ts';
import * as make from './expression-node.ts';
import { type ExpressionNode, nodesOf } from './expression-node.ts';
import { nativeNames } from './native-names.ts';

/**
 * Replaces the last order-by of a path by a function that evaluates its terms once for each item.
 *
 * @param hoistedName returns a new name for a variable
 * @returns the node to rewrite in its place; the same node where there is nothing to replace
 */
export function withOrderedItems(path: ExpressionNode, hoistedName: () => string): ExpressionNode {
  const steps = path.steps ?? [];
  const at = steps.findLastIndex(({ type }) => type === 'sort');
  const sort = steps[at];
  if (at < 1 || sort === undefined || dependsOnSteps(path)) return path;
  const terms = sort.terms ?? [];
  const keyed = make.call(
    nativeNames.keyed,
    terms.map(({ expression }) => expression),
  );
  const items: ExpressionNode = { type: 'path', steps: [...steps.slice(0, at), keyed] };
  const directions = terms.map(({ descending }) => (descending ? '>' : '<')).join('');
  const ordered = make.call(nativeNames.ordered, [items, make.text(directions)]);
  const { steps: _, type, ...rest } = path;
  const isWhole = at === steps.length - 1 && !sort.stages && Object.keys(rest).every((name) => name === 'position');
  if (isWhole) {
    ordered.arguments?.push({ type: 'value', value: true });
    return ordered;
  }
  const name = hoistedName();
  const variable = { ...make.variable(name), ...(sort.stages && { stages: sort.stages }) };
  return make.block([make.bind(name, ordered), { ...path, steps: [variable, ...steps.slice(at + 1)] }]);
}

/**
 * Returns whether a path has variables for its items. Then its items are more than their values.
 */
function dependsOnSteps(path: ExpressionNode): boolean {
  const steps = path.steps ?? [];
  if (steps.some((step) => step.focus || step.index || step.stages?.some(({ type }) => type === 'index'))) return true;
  return [...nodesOf(path)].some((node) => node.type === 'parent' || (node.type === 'sort' && bindsInTerms(node)));
}

function bindsInTerms({ terms = [] }: ExpressionNode): boolean {
  return terms.some(({ expression }) => bindsHere(expression));
}
