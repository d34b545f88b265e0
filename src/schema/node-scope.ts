import type { CoercionContext } from './coercion-context.ts';
import type { IntegerClaims } from './integer-claims.ts';
import type { IssueCollector } from './issue-collector.ts';
import type { Definitions } from './schema-keywords.ts';
import type { TargetType } from './target-type.ts';

/**
 * Coerces a value to a schema, as far as that loses nothing. Returns the value itself where there is nothing to coerce
 * or nothing can be coerced, else a copy. The check decides whether the result fits.
 */
export type Coerce = (value: unknown, context: CoercionContext) => unknown;

/** Adds the reasons why a value does not fit a schema; none if it fits. */
export type Explain = (value: unknown, collector: IssueCollector) => void;

/** Claims the BigInts that a schema asks for, in the value of a holder's key. The value fits the schema. */
export type Claim = (holder: object, key: string | number, claims: IntegerClaims) => void;

/** A schema, compiled for the work that its check does not do. */
export interface SchemaNode {
  /** Undefined when nothing can be coerced. */
  readonly coerce: Coerce | undefined;
  readonly explain: Explain;
  /** Undefined when the schema asks for no BigInt. */
  readonly claim?: Claim | undefined;
}

/** Coerces a value by a node; returns the value itself if the node coerces nothing. */
export function coerced(
  { coerce }: { readonly coerce: Coerce | undefined },
  value: unknown,
  context: CoercionContext,
): unknown {
  return coerce === undefined ? value : coerce(value, context);
}

/** Returns the combined claim of several nodes on the same value. */
export function claimAll(nodes: readonly Pick<SchemaNode, 'claim'>[]): Claim | undefined {
  const claims = nodes.map(({ claim }) => claim).filter((claim) => claim !== undefined);
  if (claims.length < 2) return claims[0];
  return (holder, key, found) => {
    for (const claim of claims) claim(holder, key, found);
  };
}

/** Claims the value itself, where it is a BigInt. */
export const claimBigInt: Claim = (holder, key, claims) => {
  if (typeof valueAt(holder, key) === 'bigint') claims.add(holder, key);
};

export function valueAt(holder: object, key: string | number): unknown {
  return (holder as Readonly<Record<string | number, unknown>>)[key];
}

/** The type converters to a type. */
export interface ConvertingNode {
  readonly coerce: Coerce;
  /** Returns whether it found a reason: a converter failed, or no converter to the class takes the value. */
  readonly explain: (value: unknown, collector: IssueCollector) => boolean;
}

/** The context of a compilation: the schemas that can be referred to, and the type converters. */
export interface NodeScope {
  /** The schemas that a `$ref` names. */
  readonly definitions: Definitions;
  /** Those that were compiled so far. */
  readonly references: Map<string, SchemaNode>;
  readonly conversions: RegisteredConversions;
}

/** The type converters, as the nodes of schemas use them. */
export interface RegisteredConversions {
  /** Undefined when there are none to that type. */
  nodeTo(type: TargetType): ConvertingNode | undefined;
  /** Returns the source types of the converters to that type; empty when there are none. */
  sourcesOf(type: TargetType): readonly TargetType[];
  /** Returns whether a converter turns instances of that value's class into a plain value. */
  hasPlain(value: object): boolean;
  /** Returns that plain value, or the value itself when its converter fails. */
  toPlain(value: object, context: CoercionContext): unknown;
}

/** The conversions without any type converter. */
export const noConversions: RegisteredConversions = {
  nodeTo: () => undefined,
  sourcesOf: () => [],
  hasPlain: () => false,
  toPlain: (value) => value,
};

/** Returns the scope within a schema that has definitions of its own. */
export function withDefinitions(scope: NodeScope, definitions: Definitions | undefined): NodeScope {
  if (definitions === undefined) return scope;
  return { ...scope, definitions: { ...scope.definitions, ...definitions }, references: new Map() };
}

/** Returns the schema that a `$ref` names; undefined for one that only TypeBox can resolve. */
export function definitionOf($ref: unknown, { definitions }: NodeScope): Definitions[string] | undefined {
  return typeof $ref === 'string' && Object.hasOwn(definitions, $ref) ? definitions[$ref] : undefined;
}
