import { definitionOf, type NodeScope, withDefinitions } from './node-scope.ts';
import { type Keywords, keywordsOf } from './schema-keywords.ts';
import { classOfType, type TargetType } from './target-type.ts';

/** Kinds of values, as bits: a schema takes several. */
export const ValueKind = {
  null: 1,
  boolean: 2,
  number: 4,
  string: 8,
  list: 16,
  object: 32,
  other: 64,
  any: 127,
} as const;

export function kindOf(value: unknown): number {
  if (value === null) return ValueKind.null;
  if (Array.isArray(value)) return ValueKind.list;
  const type = typeof value;
  if (type === 'boolean' || type === 'number' || type === 'string' || type === 'object') return ValueKind[type];
  return type === 'bigint' ? ValueKind.number : ValueKind.other;
}

const byType: Readonly<Record<string, number>> = {
  null: ValueKind.null,
  boolean: ValueKind.boolean | ValueKind.string,
  number: ValueKind.number | ValueKind.string,
  integer: ValueKind.number | ValueKind.string,
  bigint: ValueKind.number | ValueKind.string,
  string: ValueKind.string | ValueKind.number,
  array: ValueKind.list,
  object: ValueKind.object,
  undefined: ValueKind.other,
};

/** Returns whether an object is of no class. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Returns the kinds of values that can fit a type, as they are or coerced; when in doubt too many, never too few. */
export function acceptedKinds(type: TargetType, scope: NodeScope, within: readonly TargetType[] = []): number {
  if (within.includes(type)) return ValueKind.any;
  const inner = [...within, type];
  const converted = union(scope.conversions.sourcesOf(type), (source) =>
    classOfType(source) ? ValueKind.object : acceptedKinds(source, scope, inner),
  );
  if (classOfType(type)) return ValueKind.object | converted;
  return converted | kindsAcceptedBySchema(keywordsOf(type), scope, inner);
}

function kindsAcceptedBySchema(keywords: Keywords, outer: NodeScope, within: readonly TargetType[]): number {
  const { $defs, $ref, anyOf, oneOf, allOf, type, enum: values } = keywords;
  const scope = withDefinitions(outer, $defs);
  const kinds = (one: TargetType) => acceptedKinds(one, scope, within);
  let accepted: number = ValueKind.any;
  const target = definitionOf($ref, scope);
  if (target) accepted &= kinds(target);
  if (anyOf) accepted &= union(anyOf, kinds);
  if (oneOf) accepted &= union(oneOf, kinds);
  for (const part of allOf ?? []) accepted &= kinds(part);
  if (Object.hasOwn(keywords, 'const')) accepted &= byType[literalType(keywords.const)] ?? ValueKind.any;
  if (values) accepted &= union(values, (value) => byType[literalType(value)] ?? ValueKind.any);
  if (type !== undefined) accepted &= union([type].flat(), (name) => byType[name] ?? ValueKind.any);
  return accepted;
}

function literalType(literal: unknown): string {
  return literal === null ? 'null' : Array.isArray(literal) ? 'array' : typeof literal;
}

function union<Item>(items: readonly Item[], kinds: (item: Item) => number): number {
  return items.reduce((all, item) => all | kinds(item), 0);
}
