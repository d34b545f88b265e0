import type { Issue } from '../errors.ts';
import type { Schema } from './schema.ts';
import { compileSchema } from './schema-check.ts';
import { type Definitions, type Keywords, keywordsOf } from './schema-keywords.ts';

/** The keywords that count the items of a list that fit a schema. */
export const countingKeywords = ['contains', 'minContains', 'maxContains'] as const;

/**
 * Returns the issues of a list that has too few or too many items of a kind. TypeBox interprets the schema for each item,
 * once for each of the three keywords.
 *
 * @returns undefined for a schema that does not count items
 */
export function explainContained(
  schema: Schema,
  definitions: Definitions,
): ((value: unknown) => readonly Issue[]) | undefined {
  const { contains, minContains = 1, maxContains = Number.POSITIVE_INFINITY } = keywordsOf(schema) as Counting;
  if (typeof contains !== 'object') return undefined;
  let check: ((item: unknown) => boolean) | undefined;
  return (value) => {
    if (!Array.isArray(value)) return [];
    check ??= compileSchema(contains, definitions).check;
    let count = 0;
    for (const item of value) if (check(item) && ++count > maxContains) return [wrongNumber];
    return count < minContains ? [wrongNumber] : [];
  };
}

type Counting = Keywords & {
  readonly contains?: Schema;
  readonly minContains?: number;
  readonly maxContains?: number;
};

const wrongNumber: Issue = { path: '', message: 'must contain at least 1 valid item' };
