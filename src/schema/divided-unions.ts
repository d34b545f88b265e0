import { literalsOf } from './bounded-literals.ts';
import { addRefinement } from './refinement.ts';
import { keywordsOf } from './schema-keywords.ts';

/** The number of branches up to which trying each of them is fast. */
export const maxTried = 16;

/**
 * Divides a union of many objects whose literals distinguish them, so that only a few branches are tried for a value.
 *
 * @returns the branches, as a tree of conditions; undefined for any other union
 */
export function divideUnion(branches: readonly object[]): object[] | undefined {
  const objects = branches.filter((branch) => keywordsOf(branch).type === 'object');
  if (objects.length <= maxTried) return undefined;
  const [first] = objects;
  for (const property of keywordsOf(first ?? {}).required ?? []) {
    const distinct = objects.map((branch) => ({ branch, literals: distinguishing(branch, property) }));
    const known = distinct.filter((one): one is DistinctBranch => one.literals !== undefined);
    const literals = known.flatMap((one) => one.literals);
    if (known.length < objects.length || new Set(literals).size < literals.length) continue;
    return [divided(property, known), ...branches.filter((branch) => !objects.includes(branch))];
  }
  return undefined;
}

interface DistinctBranch {
  readonly branch: object;
  readonly literals: readonly unknown[];
}

/** Returns the literals that an object must have in a property. */
function distinguishing(branch: object, property: string): readonly unknown[] | undefined {
  const { required, properties } = keywordsOf(branch);
  if (!required?.includes(property) || properties === undefined || !Object.hasOwn(properties, property))
    return undefined;
  const literals = literalsOf(properties[property]);
  return literals?.every((literal) => typeof literal !== 'object') ? literals : undefined;
}

function divided(property: string, branches: readonly DistinctBranch[]): object {
  if (branches.length <= maxTried) return { anyOf: branches.map(({ branch }) => branch) };
  const middle = Math.ceil(branches.length / 2);
  const lower = branches.slice(0, middle);
  const literals = new Set(lower.flatMap((one) => one.literals));
  const condition = {};
  const check = (value: unknown) =>
    typeof value === 'object' && value !== null && literals.has(fieldOf(value, property));
  addRefinement(condition, { check, error: () => `must have a ${property} of the first half` });
  // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
  return { if: condition, then: divided(property, lower), else: divided(property, branches.slice(middle)) };
}

function fieldOf(value: object, property: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[property];
}
