import type { CoercionContext } from './coercion-context.ts';
import type { IntegerClaims } from './integer-claims.ts';
import type { IssueCollector } from './issue-collector.ts';
import type { Definitions } from './schema-keywords.ts';
import type { TargetType } from './target-type.ts';

/**
 * Makes of a value what a schema wants, as far as that loses nothing. Returns the value itself where nothing is to be
 * done or nothing can be, else a copy; whether the result fits is for the check to say.
 */
export type Coerce = (value: unknown, context: CoercionContext) => unknown;

/** Finds out why a value does not fit a schema. Finds nothing in one that does. */
export type Explain = (value: unknown, collector: IssueCollector) => void;

/** Claims the BigInts that a schema asks for, in the part of a value that stands in its holder under a key. It fits. */
export type Claim = (holder: object, key: string | number, claims: IntegerClaims) => void;

/** A schema, compiled for what its check does not do. */
export interface SchemaNode {
  /** Undefined when nothing can be coerced. */
  readonly coerce: Coerce | undefined;
  readonly explain: Explain;
  /** Undefined when the schema asks for no BigInt. */
  readonly claim?: Claim | undefined;
}

/** What a node makes of a value: the value itself where it does nothing. */
export function coerced(
  { coerce }: { readonly coerce: Coerce | undefined },
  value: unknown,
  context: CoercionContext,
): unknown {
  return coerce === undefined ? value : coerce(value, context);
}

/** The claims of several nodes on the same value. */
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
  /** Whether it found why: that a converter failed, or of an instance, that none takes the value. */
  readonly explain: (value: unknown, collector: IssueCollector) => boolean;
}

/** What a schema is compiled with: what it refers to, and the type converters. */
export interface NodeScope {
  /** The schemas that a `$ref` names. */
  readonly definitions: Definitions;
  /** What was compiled of these so far. */
  readonly references: Map<string, SchemaNode>;
  readonly conversions: RegisteredConversions;
}

/** The type converters, as the nodes of schemas use them. */
export interface RegisteredConversions {
  /** Undefined when there are none to that type. */
  nodeTo(type: TargetType): ConvertingNode | undefined;
  /** What the converters to that type take; empty when there are none. */
  sourcesOf(type: TargetType): readonly TargetType[];
  /** Whether a converter turns instances of that value's class into something plain. */
  hasPlain(value: object): boolean;
  /** That something, or the value itself when its converter fails. */
  toPlain(value: object, context: CoercionContext): unknown;
}

/** As if no type converter were registered. */
export const noConversions: RegisteredConversions = {
  nodeTo: () => undefined,
  sourcesOf: () => [],
  hasPlain: () => false,
  toPlain: (value) => value,
};

/** The scope within a schema that brings definitions of its own. */
export function withDefinitions(scope: NodeScope, definitions: Definitions | undefined): NodeScope {
  if (definitions === undefined) return scope;
  return { ...scope, definitions: { ...scope.definitions, ...definitions }, references: new Map() };
}

/** The schema that a `$ref` names; undefined for one that TypeBox alone can resolve. */
export function definitionOf($ref: unknown, { definitions }: NodeScope): Definitions[string] | undefined {
  return typeof $ref === 'string' && Object.hasOwn(definitions, $ref) ? definitions[$ref] : undefined;
}
