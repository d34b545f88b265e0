import { listed } from '../text/listed.ts';
import { LiteralSet } from './literal-set.ts';
import { addRefinement, type KeywordRefinement } from './refinement.ts';
import { type Keywords, keywordsOf } from './schema-keywords.ts';

/** The number of literals up to which comparing a value with each of them is fast. */
const maxCompared = 8;

/**
 * Returns refinements for the literals of a schema that TypeBox would compare with each value: many, or objects, or
 * BigInts, which its generated code would round.
 */
export function refineLiterals(schema: object): KeywordRefinement[] {
  const { enum: values, ...keywords } = keywordsOf(schema);
  const found: KeywordRefinement[] = [];
  if (Array.isArray(values) && needsSet(values)) {
    const error = () => `must be one of ${listed(values.map(String))}`;
    found.push({ keyword: 'enum', check: memberOf(values), error });
  }
  if (Object.hasOwn(keywords, 'const') && needsSet([keywords.const])) {
    found.push({
      keyword: 'const',
      check: memberOf([keywords.const]),
      error: () => `must be ${String(keywords.const)}`,
    });
  }
  return found;
}

function needsSet(literals: readonly unknown[]): boolean {
  return literals.length > maxCompared || literals.some((one) => typeof one === 'object' || typeof one === 'bigint');
}

function memberOf(literals: readonly unknown[]): (value: unknown) => boolean {
  const set = new LiteralSet(literals);
  return (value) => set.has(value);
}

/**
 * Merges those branches of a union that are literals only into one.
 *
 * @param isExclusive true if a value must not be a literal of two branches
 * @returns the branches; undefined if there are few of them
 */
export function mergeLiterals(branches: readonly object[], isExclusive: boolean): object[] | undefined {
  const literals: unknown[] = [];
  const others: object[] = [];
  for (const branch of branches) {
    const values = literalsOf(branch);
    if (values === undefined) others.push(branch);
    else literals.push(...values);
  }
  if (!needsSet(literals)) return undefined;
  const set = new LiteralSet(literals);
  if (isExclusive && set.size < literals.length) return undefined;
  const merged = {};
  const error = () => `must be one of ${listed(literals.map(String))}`;
  addRefinement(merged, { check: (value) => set.has(value), error });
  return [merged, ...others];
}

const beside = new Set(['const', 'enum', 'type', 'title', 'description', 'default', 'examples', '$comment']);

/** Returns the literals of a schema that accepts nothing else; undefined for any other schema. */
export function literalsOf(schema: unknown): readonly unknown[] | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined;
  const keywords = keywordsOf(schema);
  const { type, enum: values } = keywords;
  if (Object.hasOwn(schema, '~refine') || !Object.keys(schema).every((keyword) => beside.has(keyword)))
    return undefined;
  const isConst = Object.hasOwn(keywords, 'const');
  if (!isConst && values === undefined) return type === 'null' ? [null] : undefined;
  if (isConst && values !== undefined) return undefined;
  const literals = isConst ? [keywords.const] : values;
  return Array.isArray(literals) && literals.every((literal) => isOfType(literal, type)) ? literals : undefined;
}

/** Returns whether a literal is a value of JSON that fits a type. */
function isOfType(literal: unknown, type: Keywords['type']): boolean {
  if (type === 'integer') return Number.isInteger(literal);
  if (typeof literal === 'number' && !Number.isFinite(literal)) return false;
  const name = nameOfType(literal);
  return jsonTypes.has(name) && (type === undefined || type === name);
}

const jsonTypes = new Set(['null', 'boolean', 'number', 'string', 'array', 'object']);

function nameOfType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
