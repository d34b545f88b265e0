import type { Issue } from '../errors.ts';
import { countingKeywords, explainContained } from './contained-items.ts';
import { applicatorKeywords } from './in-place-applicators.ts';
import { isRecord } from './is-record.ts';
import type { IssueCollector } from './issue-collector.ts';
import { guardOf } from './key-guard.ts';
import type { SchemaNode } from './node-scope.ts';
import { countedApart } from './safe-patterns.ts';
import { compileSchema, issuesBySchema, plainIssues, type Schema } from './schema-check.ts';
import { type Definitions, keywordsOf } from './schema-keywords.ts';

const anySchema = {};

const unevaluatedKeywords = ['unevaluatedProperties', 'unevaluatedItems'] as const;

/**
 * Explains a value by the keywords that stand in a schema itself, and by its parts, each of which explains itself. It
 * does not check the whole schema at once, because TypeBox reports the issues of all branches of nested unions, in a
 * time that grows exponentially with their depth.
 */
export function explainOwnKeywords(
  schema: Schema,
  definitions: Definitions,
): (value: unknown, collector: IssueCollector, parts: readonly SchemaNode[]) => void {
  const ownKeywords = keepOwnKeywords(schema);
  const refinement = Object.hasOwn(schema, '~refine') ? { '~refine': (schema as Refined)['~refine'] } : undefined;
  let calls = 0;
  let fits: ((value: unknown) => boolean) | undefined;
  const ownIssues = (value: unknown) => {
    if (++calls > maxInterpreted) {
      fits ??= compileSchema(ownKeywords, definitions).check;
      if (fits(value)) return [];
    }
    return rewordNumberIssues(plainIssues(issuesBySchema(ownKeywords, definitions, value)), value);
  };
  const explainCounted = explainContained(schema, definitions);
  const explainUnevaluated = unevaluatedIssue(schema, definitions);
  const guard = guardOf(schema);
  return (value, collector, parts) => {
    const before = collector.issues.length;
    const slow = guard?.(value);
    if (slow !== undefined) return collector.add([{ path: '', message: slow }]);
    if (!isEmpty(ownKeywords)) collector.add(ofBeginning(value, ownKeywords, ownIssues) ?? ownIssues(value));
    if (explainCounted) collector.add(explainCounted(value));
    for (const { explain } of parts) explain(value, collector);
    if (explainUnevaluated && collector.issues.length === before) collector.add(explainUnevaluated(value));
    // A refinement is written for a value that has the right shape.
    if (refinement && collector.issues.length === before) collector.add(issuesBySchema(refinement, definitions, value));
  };
}

/**
 * The number of values that are explained without compiling the schema. Of the items of a long list most fit, and
 * TypeBox takes a hundred times as long to find no errors as a compiled check.
 */
const maxInterpreted = 100;
const maxFieldsAtOnce = 1_000;
/** Keywords that constrain each field independently of the others. */
const ofEachField = new Set(['type', 'required', 'properties', 'patternProperties', 'additionalProperties', 'title']);

/**
 * Returns the errors of an object with a great many fields from its first fields only, because TypeBox continues after
 * it has found enough errors.
 *
 * @returns undefined if the first fields show no error
 */
function ofBeginning(
  value: unknown,
  ownKeywords: Schema,
  issuesOf: (value: unknown) => readonly Issue[],
): readonly Issue[] | undefined {
  if (!isRecord(value)) return undefined;
  const names = Object.keys(value);
  if (names.length <= maxFieldsAtOnce || !Object.keys(ownKeywords).every((keyword) => ofEachField.has(keyword))) {
    return undefined;
  }
  const { required = [] } = keywordsOf(ownKeywords);
  const first = [...names.slice(0, maxFieldsAtOnce), ...required.filter((name) => Object.hasOwn(value, name))];
  const issues = issuesOf(Object.fromEntries(first.map((name) => [name, value[name]])));
  return issues.length > 0 ? issues : undefined;
}

/**
 * Returns the issue of a value with parts that no keyword of its schema has evaluated. Only a check of the whole schema
 * knows them, so the value must have no other issue.
 *
 * @returns undefined for a schema without such a keyword
 */
function unevaluatedIssue(
  schema: Schema,
  definitions: Definitions,
): ((value: unknown) => readonly Issue[]) | undefined {
  if (!unevaluatedKeywords.some((keyword) => keyword in schema)) return undefined;
  let check: ((value: unknown) => boolean) | undefined;
  return (value) => {
    check ??= compileSchema(schema, definitions).check;
    const whole = check;
    if (countedApart(() => whole(value))) return [];
    return [{ path: '', message: `must not have unevaluated ${Array.isArray(value) ? 'items' : 'properties'}` }];
  };
}

/** Rewords the issue of an integer beyond 2^53. TypeBox only says that it must be a number, which its sender wrote. */
function rewordNumberIssues(issues: readonly Issue[], value: unknown): readonly Issue[] {
  if (typeof value !== 'bigint') return issues;
  return issues.map((issue) => (/^must be (number|integer)$/.test(issue.message) ? beyondNumber : issue));
}

const beyondNumber: Issue = {
  path: '',
  message: 'is an integer beyond 2^53, which a number cannot hold exactly; Type.BigInt() can',
};

interface Refined {
  readonly '~refine': unknown;
}

/**
 * Returns the schema without the constraints of its parts. The property names stay, because they define which are
 * additional.
 */
function keepOwnKeywords(schema: Schema): Schema {
  // TypeBox's own notes are not enumerable, and are not copied.
  const { anyOf, allOf, $ref, $defs, $id, ...ownKeywords } = schema as Record<string, unknown>;
  for (const keyword of [...applicatorKeywords, ...unevaluatedKeywords]) delete ownKeywords[keyword];
  if (typeof ownKeywords.dependencies === 'object')
    ownKeywords.dependencies = namesIn(ownKeywords.dependencies as object);
  for (const keyword of ['properties', 'patternProperties']) {
    if (ownKeywords[keyword]) ownKeywords[keyword] = mapped(ownKeywords[keyword] as object);
  }
  for (const keyword of ['additionalProperties', 'additionalItems']) {
    if (typeof ownKeywords[keyword] === 'object') delete ownKeywords[keyword];
  }
  for (const keyword of ['items', 'prefixItems']) {
    if (Array.isArray(ownKeywords[keyword])) ownKeywords[keyword] = ownKeywords[keyword].map(toAnySchema);
    else if (keyword in ownKeywords) ownKeywords[keyword] = toAnySchema(ownKeywords[keyword]);
  }
  // TypeBox visits a part even if the part accepts every value.
  if (ownKeywords.additionalProperties !== false) {
    for (const keyword of ['properties', 'patternProperties']) {
      if (Object.values(ownKeywords[keyword] ?? {}).every(isAnySchema)) delete ownKeywords[keyword];
    }
  }
  if (isAnySchema(ownKeywords.items)) delete ownKeywords.items;
  if (typeof ownKeywords.contains === 'object') for (const keyword of countingKeywords) delete ownKeywords[keyword];
  return ownKeywords as Schema;
}

/** Returns the dependencies that are lists of names. */
function namesIn(dependencies: object): object {
  return Object.fromEntries(Object.entries(dependencies).filter(([, part]) => Array.isArray(part)));
}

function mapped(schemas: object): object {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, toAnySchema(schema)]));
}

/** Replaces a schema by one that accepts everything, except `false`, which is a constraint itself. */
function toAnySchema(schema: unknown): unknown {
  return typeof schema === 'boolean' ? schema : anySchema;
}

function isAnySchema(schema: unknown): boolean {
  return schema === anySchema || schema === true;
}

function isEmpty(ownKeywords: object): boolean {
  return Object.keys(ownKeywords).length === 0;
}
