import { literalCoercer } from './coerce-scalar.ts';
import { definitionOf, type NodeScope, withDefinitions } from './node-scope.ts';
import type { Schema } from './schema-check.ts';
import { type Keywords, keywordsOf } from './schema-keywords.ts';
import { acceptedKinds, ValueKind } from './value-kind.ts';

/** The property whose literals distinguish the objects of a union. */
export interface Discriminator {
  readonly property: string;
  readonly literals: readonly unknown[];
  /** Returns the index of the branch that a literal belongs to, also where text represents a number or a boolean. */
  branchOf(literal: unknown): number | undefined;
}

/** Finds a property that every branch which takes objects demands, with literals that no other branch has. */
export function findDiscriminator(branches: readonly Schema[], scope: NodeScope): Discriminator | undefined {
  const objects = branches
    .map((schema, index) => ({ schema, index }))
    .filter(({ schema }) => (acceptedKinds(schema, scope) & ValueKind.object) !== 0)
    .map(({ schema, index }) => ({ index, literals: literalProperties(schema, scope) }));
  if (objects.length < 2) return undefined;
  for (const property of objects[0]?.literals.keys() ?? []) {
    const pairs = objects.flatMap(({ index, literals }) =>
      (literals.get(property) ?? [undefined]).map((literal) => ({ literal, index })),
    );
    const distinct = new Set(pairs.map(({ literal }) => String(literal)));
    const known = pairs.every(({ literal }) => literal !== undefined);
    if (known && distinct.size === pairs.length) return discriminator(property, pairs);
  }
  return undefined;
}

function discriminator(property: string, pairs: readonly { literal: unknown; index: number }[]): Discriminator {
  const literals = pairs.map(({ literal }) => literal);
  const coerce = literalCoercer(literals);
  const indexes = new Map(pairs.map(({ literal, index }) => [literal, index]));
  return { property, literals, branchOf: (value) => indexes.get(coerce(value)) };
}

type Literals = Map<string, readonly unknown[]>;

/** Returns the required properties of an object whose values are literals. */
function literalProperties(schema: Schema, outer: NodeScope, depth = 8): Literals {
  const keywords = keywordsOf(schema);
  const { $defs, $ref, allOf, required = [], properties = {} } = keywords;
  const scope = withDefinitions(outer, $defs);
  const found: Literals = new Map();
  if (depth === 0) return found;
  const target = definitionOf($ref, scope);
  for (const part of [...(target ? [target] : []), ...(allOf ?? [])]) {
    for (const [name, literals] of literalProperties(part, scope, depth - 1)) found.set(name, literals);
  }
  for (const name of required) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const literals = property && literalsOf(keywordsOf(property));
    if (literals) found.set(name, literals);
  }
  return found;
}

function literalsOf(keywords: Keywords): readonly unknown[] | undefined {
  if (Object.hasOwn(keywords, 'const')) return [keywords.const];
  if (keywords.enum) return keywords.enum;
  const branches = keywords.anyOf?.map((branch) => literalsOf(keywordsOf(branch)));
  return branches?.every((literals) => literals !== undefined) ? branches.flat() : undefined;
}
