import { nameOfClass } from './class.ts';
import type { Schema } from './schema-check.ts';
import { keywordsOf } from './schema-keywords.ts';
import { classOfType, type TargetType } from './target-type.ts';

const maxNames = 8;

/**
 * Describes a type in a few words, for errors and the list of endpoints: `string`, `ExecutorId`, `list of number`,
 * `object { personId, amount }`, `string or null`.
 */
export function describeType(type: TargetType): string {
  return described(type, 3);
}

function described(type: TargetType, depth: number): string {
  const named = classOfType(type);
  if (named) return nameOfClass(named);
  const { title, $ref, $defs, anyOf, oneOf, allOf, enum: values, type: kind, ...rest } = keywordsOf(type);
  if (typeof title === 'string' && title !== '') return title;
  if ($defs && typeof $ref === 'string') return $ref;
  if (typeof $ref === 'string') return $ref === '#' ? 'the same again' : $ref;
  if (depth === 0) return typeof kind === 'string' ? kind : 'any value';
  const branches = anyOf ?? oneOf;
  if (branches)
    return joined(
      branches.map((branch) => described(branch, depth - 1)),
      ' or ',
    );
  if (allOf)
    return joined(
      allOf.map((part) => described(part, depth - 1)),
      ' and ',
    );
  if (Object.hasOwn(rest, 'const')) return describeLiteral(rest.const);
  if (values) return joined(values.map(describeLiteral), ' or ');
  if (kind === 'array') return list(rest.items, depth);
  if (kind === 'object') return object(rest.properties, rest.patternProperties, depth);
  if (typeof rest.format === 'string') return `${String(kind)} (${rest.format})`;
  if (Array.isArray(kind)) return joined(kind.map(String), ' or ');
  return typeof kind === 'string' ? kind : 'any value';
}

function list(items: unknown, depth: number): string {
  if (Array.isArray(items))
    return `[${joined(
      items.map((item: Schema) => described(item, depth - 1)),
      ', ',
    )}]`;
  return typeof items === 'object' ? `list of ${described(items as Schema, depth - 1)}` : 'list';
}

function object(properties: object | undefined, patterns: object | undefined, depth: number): string {
  const [values] = patterns === undefined ? [] : Object.values(patterns);
  if (properties === undefined && values) return `object of ${described(values as Schema, depth - 1)}`;
  const names = Object.keys(properties ?? {});
  return names.length === 0 ? 'object' : `object { ${joined(names, ', ')} }`;
}

export function describeLiteral(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}

function joined(parts: readonly string[], by: string): string {
  const once = [...new Set(parts)];
  return once.length > maxNames ? `${once.slice(0, maxNames).join(by)}${by}…` : once.join(by);
}
