import { listCoercer } from './coerce-list.ts';
import { objectCoercer } from './coerce-object.ts';
import { coerceLiteral, coerceScalar } from './coerce-scalar.ts';
import { type Branch, unionCoercer } from './coerce-union.ts';
import type { Coerce } from './coercion-run.ts';
import type { CoercionScope } from './coercion-scope.ts';
import { findDiscriminator } from './discriminator.ts';
import { compileSchema, isSchema, type Schema } from './schema-check.ts';
import { type Definitions, type Keywords, keywordsOf } from './schema-keywords.ts';
import { classOfType } from './target-type.ts';
import { kindsTakenBy, ValueKind } from './value-kind.ts';

/**
 * Compiles what makes values of a schema. Not looked into, and so only checked: `not`, `if`, `dependentSchemas`,
 * `unevaluated…`, and a `$ref` that is a pointer such as `#/properties/a`.
 *
 * @returns undefined when nothing can be coerced
 */
export function compileCoercer(schema: Schema, outer: CoercionScope): Coerce | undefined {
  const keywords = keywordsOf(schema);
  const scope = keywords.$defs ? withDefinitions(outer, keywords.$defs) : outer;
  const converting = scope.conversions.coercerTo(schema);
  if (classOfType(schema)) return converting;
  const steps = [
    converting && unlessFitting(schema, scope, converting),
    reference(keywords, scope),
    union(keywords.anyOf ?? keywords.oneOf, scope),
    ...(keywords.allOf ?? []).map((part) => compileCoercer(part, scope)),
    literals(keywords) ?? byType(keywords, scope),
  ].filter((step) => step !== undefined);
  return steps.length > 1 ? (value, run) => steps.reduce((result, step) => step(result, run), value) : steps[0];
}

function withDefinitions(scope: CoercionScope, definitions: Definitions): CoercionScope {
  return { ...scope, definitions: { ...scope.definitions, ...definitions }, references: new Map() };
}

/** A schema can have converters beside its own values. */
function unlessFitting(schema: Schema, { definitions }: CoercionScope, converting: Coerce): Coerce {
  const { check } = compileSchema(schema, definitions);
  return (value, run) => (check(value) ? value : converting(value, run));
}

function reference({ $ref }: Keywords, scope: CoercionScope): Coerce | undefined {
  const { definitions, references } = scope;
  if (typeof $ref !== 'string' || !Object.hasOwn(definitions, $ref)) return undefined;
  const known = references.get($ref);
  if (known) return known;
  // A schema can refer to itself, so there must be something to refer to before it is compiled.
  let target: Coerce | undefined;
  const coerce: Coerce = (value, run) => (target ? target(value, run) : value);
  references.set($ref, coerce);
  target = compileCoercer(definitions[$ref] as Schema, scope);
  return coerce;
}

function union(schemas: readonly Schema[] | undefined, scope: CoercionScope): Coerce | undefined {
  if (schemas === undefined) return undefined;
  const flat = schemas.flatMap(branchesOf);
  const branches = flat.map((schema): Branch => {
    const coerce = compileCoercer(schema, scope) ?? ((value) => value);
    return { schema, coerce, kinds: kindsTakenBy(schema, scope), ...compileSchema(schema, scope.definitions) };
  });
  return unionCoercer(branches, findDiscriminator(flat, scope));
}

/** The branches of a union, those of the unions among them included. */
export function branchesOf(schema: Schema): readonly Schema[] {
  const names = Object.keys(schema);
  return names.length === 1 && names[0] === 'anyOf' ? (keywordsOf(schema).anyOf ?? []).flatMap(branchesOf) : [schema];
}

function literals(keywords: Keywords): Coerce | undefined {
  const values = Object.hasOwn(keywords, 'const') ? [keywords.const] : keywords.enum;
  if (values === undefined) return undefined;
  return (value) => {
    if (values.includes(value)) return value;
    const literal = values.find((one) => coerceLiteral(one, value) === one);
    return literal === undefined ? value : literal;
  };
}

function byType(keywords: Keywords, scope: CoercionScope): Coerce | undefined {
  const types = keywords.type === undefined ? [] : [keywords.type].flat();
  const steps = types.map((type) => ofType(type, keywords, scope)).filter((step) => step !== undefined);
  const [step] = steps;
  if (step === undefined) return undefined;
  return plainFirst(types.length === 1 ? step : firstToFit(types, steps), scope);
}

/** The value as it is where it is of one of the types, else what the first of them makes of it. */
function firstToFit(types: readonly string[], steps: readonly Coerce[]): Coerce {
  const { check } = compileSchema({ type: [...types] } as Schema);
  return (value, run) => {
    if (typeof value !== 'object' && check(value)) return value;
    for (const step of steps) {
      const coerced = step(value, run);
      if (!Object.is(coerced, value)) return coerced;
    }
    return value;
  };
}

function ofType(type: string, keywords: Keywords, scope: CoercionScope): Coerce | undefined {
  if (type === 'object') return object(keywords, scope);
  if (type === 'array') return list(keywords, scope);
  return ['number', 'integer', 'bigint', 'boolean', 'string'].includes(type)
    ? (value) => coerceScalar(type, value)
    : undefined;
}

/** An instance of a class that has a converter from it becomes what that makes, where no instance is wanted. */
function plainFirst(step: Coerce, { conversions }: CoercionScope): Coerce {
  return (value, run) => {
    const isInstance = typeof value === 'object' && value !== null && conversions.hasPlain(value);
    return step(isInstance ? conversions.toPlain(value, run) : value, run);
  };
}

function object(keywords: Keywords, scope: CoercionScope): Coerce {
  const { properties = {}, patternProperties = {}, additionalProperties } = keywords;
  const compiled = (schemas: Definitions) =>
    Object.entries(schemas).flatMap(([name, schema]) => {
      const coerce = isSchema(schema) ? compileCoercer(schema, scope) : undefined;
      return coerce ? [[name, coerce] as const] : [];
    });
  return objectCoercer({
    properties: compiled(properties),
    patterns: compiled(patternProperties).map(([pattern, coerce]) => [new RegExp(pattern, 'u'), coerce] as const),
    others: isSchema(additionalProperties) ? compileCoercer(additionalProperties, scope) : undefined,
    names: new Set(Object.keys(properties)),
  });
}

function list(keywords: Keywords, scope: CoercionScope): Coerce {
  const { items, prefixItems = [], additionalItems } = keywords;
  const first = Array.isArray(items) ? (items as Schema[]) : prefixItems;
  const rest = Array.isArray(items) ? additionalItems : items;
  const item = first[0] ?? (isSchema(rest) ? rest : undefined);
  return listCoercer({
    first: first.map((schema) => compileCoercer(schema, scope)),
    rest: isSchema(rest) ? compileCoercer(rest, scope) : undefined,
    takesText: item === undefined || canBeEmptyText(item, scope),
  });
}

function canBeEmptyText(schema: Schema, scope: CoercionScope): boolean {
  if (classOfType(schema)) return (kindsTakenBy(schema, scope) & ValueKind.string) !== 0;
  return compileSchema(schema, scope.definitions).check('');
}
