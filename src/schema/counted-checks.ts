import { guardOf } from './key-guard.ts';
import { definitionOf, type NodeScope, withDefinitions } from './node-scope.ts';
import { compileSchema, type Schema } from './schema-check.ts';
import { keywordsOf, partsOf } from './schema-keywords.ts';

/**
 * Returns whether the check of a schema counts keys or fields of the whole value. Checking a part once more would count
 * them twice.
 */
export function isCounted(schema: Schema, outer: NodeScope, seen = new Set<object>()): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  const { $defs, $ref } = keywordsOf(schema);
  const scope = withDefinitions(outer, $defs);
  const target = definitionOf($ref, scope);
  if ($ref !== undefined && target === undefined) return true;
  if (target && isCounted(target, scope, seen)) return true;
  if (guardOf(schema) !== undefined) return true;
  return Array.from(partsOf(schema)).some(
    ([, part]) => typeof part === 'object' && part !== null && isCounted(part as Schema, scope, seen),
  );
}

/** The number of values that are explained one by one before their schema is compiled to find those that fit. */
const maxExplained = 100;

/**
 * Returns a check that is true only for values that fit a schema. It is false for the first hundred values, because
 * compiling the schema takes longer than explaining a few, and always false for a counted schema.
 */
export function fastCheck(schema: Schema, scope: NodeScope): (value: unknown) => boolean {
  let count = 0;
  let check: ((value: unknown) => boolean) | undefined;
  let counted: boolean | undefined;
  return (value) => {
    if (++count <= maxExplained) return false;
    counted ??= isCounted(schema, scope);
    if (counted) return false;
    check ??= compileSchema(schema, scope.definitions).check;
    return check(value);
  };
}
