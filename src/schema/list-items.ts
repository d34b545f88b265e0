import { isNamedAsEntry } from './list-entries.ts';
import { definitionOf, type NodeScope, withDefinitions } from './node-scope.ts';
import { keyPattern } from './safe-patterns.ts';
import { compileSchema, passes, type Schema } from './schema-check.ts';
import { type Keywords, keywordsOf } from './schema-keywords.ts';
import { classOfType, type TargetType } from './target-type.ts';
import { acceptedKinds, ValueKind } from './value-kind.ts';

// What a list has to know of its items before it coerces a value.

/** Returns the keywords of a schema about the items of a list. */
export function itemsOf({ items, prefixItems, additionalItems }: Keywords): Partial<Keywords> {
  const defined = Object.entries({ items, prefixItems, additionalItems }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined);
}

/** Returns whether a type accepts an object. */
export function takesObjects(schema: Schema, scope: NodeScope): boolean {
  return (acceptedKinds(schema, scope) & ValueKind.object) !== 0;
}

/** Returns whether a type has a field with the name of an entry. */
export function namesEntry(type: TargetType, outer: NodeScope, within: readonly TargetType[] = []): boolean {
  if (within.includes(type)) return false;
  const inner = [...within, type];
  if (outer.conversions.sourcesOf(type).some((source) => namesEntry(source, outer, inner))) return true;
  if (classOfType(type)) return false;
  const { $defs, $ref, anyOf = [], oneOf = [], allOf = [], properties, patternProperties } = keywordsOf(type);
  const scope = withDefinitions(outer, $defs);
  if (Object.keys(properties ?? {}).some(isNamedAsEntry)) return true;
  if (Object.keys(patternProperties ?? {}).some((pattern) => isNamedAsEntry(keyPattern(pattern)))) return true;
  const target = definitionOf($ref, scope);
  const parts = [...(target ? [target] : []), ...anyOf, ...oneOf, ...allOf];
  return parts.some((part) => namesEntry(part, scope, inner));
}

/** Returns whether a type accepts an empty text. */
export function canBeEmptyText(schema: Schema, scope: NodeScope): boolean {
  if (classOfType(schema)) return (acceptedKinds(schema, scope) & ValueKind.string) !== 0;
  return passes(compileSchema(schema, scope.definitions), '');
}
