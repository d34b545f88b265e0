import { coerceScalar, literalCoercer } from './coerce-scalar.ts';
import { fastCheck, isCounted } from './counted-checks.ts';
import { findDiscriminator } from './discriminator.ts';
import { explainApplicators } from './in-place-applicators.ts';
import { canBeEmptyText, itemsOf, namesEntry, takesObjects } from './list-items.ts';
import { listNode } from './list-node.ts';
import {
  type Claim,
  type Coerce,
  claimAll,
  claimBigInt,
  definitionOf,
  type Explain,
  type NodeScope,
  type SchemaNode,
  withDefinitions,
} from './node-scope.ts';
import { objectNode } from './object-node.ts';
import { explainOwnKeywords } from './own-keywords.ts';
import { keyPattern } from './safe-patterns.ts';
import { withoutBoolean } from './schema.ts';
import { compileSchema, isSchema, type Schema } from './schema-check.ts';
import { type Keywords, keywordsOf } from './schema-keywords.ts';
import { classOfType } from './target-type.ts';
import { type Branch, unionNode } from './union-node.ts';
import { acceptedKinds } from './value-kind.ts';

/**
 * Compiles a schema. Values are checked against the schemas in `not`, `if`, `dependentSchemas` and `unevaluated…`, and
 * those behind a `$ref` that `rootDefinitions` does not resolve, and never coerced to them.
 *
 * @param isSource true for the source of a type converter: no other converter runs before it, because a class and its
 * plain form would otherwise be converted to each other without end
 */
export function compileNode(given: Schema | boolean, outer: NodeScope, isSource = false): SchemaNode {
  if (given === false) return refusingNode;
  const schema = withoutBoolean(given);
  const keywords = keywordsOf(schema);
  const scope = withDefinitions(outer, keywords.$defs);
  const converting = isSource ? undefined : scope.conversions.nodeTo(schema);
  const shell = explainOwnKeywords(schema, scope.definitions);
  if (classOfType(schema)) {
    return {
      coerce: converting?.coerce,
      explain: (value, collector) => converting?.explain(value, collector) || shell(value, collector, []),
    };
  }
  const parts = [
    reference(keywords, scope),
    union(keywords, scope),
    ...(keywords.allOf ?? []).map((part) => compileNode(part, scope)),
    literals(keywords) ?? byType(keywords, scope),
    ...explainApplicators(schema, scope, compileNode).map((explain): SchemaNode => ({ coerce: undefined, explain })),
  ].filter((part) => part !== undefined);
  const steps = parts.map(({ coerce }) => coerce).filter((coerce) => coerce !== undefined);
  const explain: Explain = (value, collector) => shell(value, collector, parts);
  const claim = claimAll(parts);
  if (converting === undefined) return { coerce: inTurn(steps), explain, claim };
  // A schema can have converters beside its own values.
  const { check } = compileSchema(schema, scope.definitions);
  return {
    coerce: inTurn([(value, context) => (check(value) ? value : converting.coerce(value, context)), ...steps]),
    explain(value, collector) {
      if (!check(value) && !converting.explain(value, collector)) explain(value, collector);
    },
    claim,
  };
}

const refusingNode: SchemaNode = {
  coerce: undefined,
  explain(_, collector) {
    collector.add([{ path: '', message: 'is not expected' }]);
  },
};

function inTurn(steps: readonly Coerce[]): Coerce | undefined {
  if (steps.length < 2) return steps[0];
  return (value, context) => steps.reduce((result, step) => step(result, context), value);
}

function reference({ $ref }: Keywords, scope: NodeScope): SchemaNode | undefined {
  const schema = definitionOf($ref, scope);
  if (schema === undefined) return undefined;
  const name = $ref as string;
  const known = scope.references.get(name);
  if (known) return known;
  // A schema can refer to itself, so the target of the reference must exist before the schema is compiled.
  let target: SchemaNode | undefined;
  const node: SchemaNode = {
    coerce: (value, context) => (target?.coerce ? context.once(node, target.coerce, value) : value),
    explain: (value, collector) => target?.explain(value, collector),
    claim: (holder, key, claims) => target?.claim?.(holder, key, claims),
  };
  scope.references.set(name, node);
  target = compileNode(schema, scope);
  return node;
}

function union(keywords: Keywords, scope: NodeScope): SchemaNode | undefined {
  const { anyOf, oneOf, allOf, $ref, type } = keywords;
  const schemas = anyOf ?? oneOf;
  if (schemas === undefined) return undefined;
  const flat = schemas.flatMap(branchesOf).map(withoutBoolean);
  const branches = flat.map((schema): Branch => {
    const { check } = compileSchema(schema, scope.definitions);
    return { schema, check, kinds: acceptedKinds(schema, scope), ...compileNode(schema, scope) };
  });
  const discriminator = findDiscriminator(flat, scope);
  let check: ((value: unknown) => boolean) | undefined;
  const fits = (value: unknown) => {
    // Few unions need it.
    check ??= compileSchema({ anyOf: flat } as Schema, scope.definitions).check;
    return check(value);
  };
  const isWhole = allOf === undefined && $ref === undefined && type === undefined;
  const alternatives = flat.map((schema) => literalsAlone(schema, scope));
  const isOfLiterals = alternatives.every((values) => values !== undefined);
  const node = unionNode(branches, discriminator, { fits, isWhole, isOfLiterals });
  if (isOfLiterals) return literalUnion(alternatives.flat(), node);
  return discriminator ? { ...node, coerce: node.coerce && plainFirst(node.coerce, scope) } : node;
}

/** Returns the branches of a union, those of the unions among them included; for any other schema, itself. */
export function branchesOf(schema: Schema): readonly Schema[] {
  const { anyOf, title, description, ...others } = keywordsOf(schema) as Described;
  return anyOf && Object.keys(others).length === 0 ? anyOf.flatMap(branchesOf) : [schema];
}

/** Returns the node of a union of literals, which are looked up instead of tried one by one. */
function literalUnion(values: readonly unknown[], { explain, claim }: SchemaNode): SchemaNode {
  const known = new Set(values);
  return {
    coerce: literalCoercer(values),
    explain(value, collector) {
      if (!known.has(value)) explain(value, collector);
    },
    claim,
  };
}

/** Returns the literals of a schema that has no other keyword and no converter; undefined for any other schema. */
function literalsAlone(schema: Schema, scope: NodeScope): readonly unknown[] | undefined {
  const { const: _, enum: values, type, title, description, ...others } = keywordsOf(schema) as Described;
  const isAlone = Object.keys(others).length === 0 && !Object.hasOwn(schema, '~refine') && !classOfType(schema);
  return isAlone && scope.conversions.nodeTo(schema) === undefined ? valuesOf(keywordsOf(schema)) : undefined;
}

type Described = Keywords & { readonly description?: unknown };

function valuesOf(keywords: Keywords): readonly unknown[] | undefined {
  return Object.hasOwn(keywords, 'const') ? [keywords.const] : keywords.enum;
}

function literals(keywords: Keywords): SchemaNode | undefined {
  const values = valuesOf(keywords);
  if (values === undefined) return undefined;
  const coerce = literalCoercer(values);
  const claim = values.some((value) => typeof value === 'bigint') ? claimBigInt : undefined;
  return { coerce, explain: nothing, claim };
}

/** The explanation of a part that the schema around it explains. */
const nothing: Explain = () => {};

function byType(keywords: Keywords, scope: NodeScope): SchemaNode | undefined {
  if (keywords.type === undefined) return ofAnyType(keywords, scope);
  const types = [keywords.type].flat();
  const nodes = types.map((type) => ofType(type, keywords, scope)).filter((node) => node !== undefined);
  const steps = nodes.map(({ coerce }) => coerce).filter((coerce) => coerce !== undefined);
  const [step] = steps;
  if (step === undefined) return undefined;
  return {
    coerce: plainFirst(types.length === 1 ? step : firstToFit(types, steps), scope),
    explain: explainAll(nodes),
    claim: claimAll(nodes),
  };
}

/** Returns the node of a schema that constrains objects and lists, but accepts other values, so that it coerces none. */
function ofAnyType(keywords: Keywords, scope: NodeScope): SchemaNode | undefined {
  const { properties, patternProperties, additionalProperties, items, prefixItems } = keywords;
  const nodes = [
    ...((properties ?? patternProperties ?? additionalProperties) ? [object(keywords, scope)] : []),
    ...((items ?? prefixItems) ? [list(keywords, scope)] : []),
  ];
  return nodes.length === 0 ? undefined : { coerce: undefined, explain: explainAll(nodes), claim: claimAll(nodes) };
}

function explainAll(nodes: readonly SchemaNode[]): Explain {
  return (value, collector) => {
    for (const { explain } of nodes) explain(value, collector);
  };
}

/** Returns a value of one of the types as it is, and coerces any other to the first type that it can become. */
function firstToFit(types: readonly string[], steps: readonly Coerce[]): Coerce {
  const { check } = compileSchema({ type: [...types] } as Schema);
  return (value, context) => {
    if (typeof value !== 'object' && check(value)) return value;
    for (const step of steps) {
      const result = step(value, context);
      if (!Object.is(result, value)) return result;
    }
    return value;
  };
}

function ofType(type: string, keywords: Keywords, scope: NodeScope): SchemaNode | undefined {
  if (type === 'object') return object(keywords, scope);
  if (type === 'array') return list(keywords, scope);
  const isScalar = ['number', 'integer', 'bigint', 'boolean', 'string'].includes(type);
  if (!isScalar) return undefined;
  const claim: Claim | undefined = type === 'bigint' ? claimBigInt : undefined;
  return { coerce: (value) => coerceScalar(type, value), explain: nothing, claim };
}

/** Converts an instance by the converter from its class, where the schema wants no instance. */
function plainFirst(step: Coerce, { conversions }: NodeScope): Coerce {
  return (value, context) => {
    const isInstance = typeof value === 'object' && value !== null && conversions.hasPlain(value);
    return step(isInstance ? conversions.toPlain(value, context) : value, context);
  };
}

function object(keywords: Keywords, scope: NodeScope): SchemaNode {
  const { properties = {}, patternProperties = {}, additionalProperties } = keywords;
  return objectNode({
    properties: Object.entries(properties).map(([name, schema]) => [name, compileNode(schema, scope)]),
    patterns: Object.entries(patternProperties).map(([pattern, schema]) => [
      keyPattern(pattern),
      nodeOfMany(schema, scope),
    ]),
    others: isSchema(additionalProperties) ? nodeOfMany(additionalProperties, scope) : undefined,
  });
}

/** Compiles the schema of parts of which a value can have a great many, most of which may need no explanation. */
function nodeOfMany(schema: Schema, scope: NodeScope): SchemaNode {
  const node = compileNode(schema, scope);
  const fits = fastCheck(schema, scope);
  return {
    ...node,
    explain(value, collector) {
      if (!fits(value)) node.explain(value, collector);
    },
  };
}

function list(keywords: Keywords, scope: NodeScope): SchemaNode {
  const { items, prefixItems = [], additionalItems } = keywords;
  const first = Array.isArray(items) ? (items as Schema[]) : prefixItems;
  const rest = Array.isArray(items) ? additionalItems : items;
  const all = [...first, ...(isSchema(rest) ? [rest] : [])].map(withoutBoolean);
  const [item] = all;
  let check: ((value: unknown) => boolean) | undefined;
  return listNode({
    first: first.map((schema) => compileNode(schema, scope)),
    rest: isSchema(rest) ? nodeOfMany(rest, scope) : undefined,
    takesEmptyText: item === undefined || canBeEmptyText(item, scope),
    takesObjects: rest !== false && (all.length === 0 || all.some((schema) => takesObjects(schema, scope))),
    isCounted: all.some((schema) => isCounted(schema, scope)),
    namesEntry: all.some((schema) => namesEntry(schema, scope)),
    fits(list) {
      // Few lists need it, so it is compiled for the first list that does.
      check ??= compileSchema({ type: 'array', ...itemsOf(keywords) } as Schema, scope.definitions).check;
      return check(list);
    },
  });
}
