import { escapePointer } from '../text/json-pointer.ts';
import { listed } from '../text/listed.ts';
import type { CoercionContext } from './coercion-context.ts';
import { describeLiteral, describeType } from './describe-type.ts';
import type { Discriminator } from './discriminator.ts';
import { isRecord } from './is-record.ts';
import { entriesOf } from './list-entries.ts';
import { claimAll, type SchemaNode, valueAt } from './node-scope.ts';
import { itemsBetweenGaps } from './php-arrays.ts';
import type { Schema } from './schema-check.ts';
import { isPlain, kindOf, ValueKind } from './value-kind.ts';

/** One of the schemas of a union. */
export interface Branch extends SchemaNode {
  readonly schema: Schema;
  readonly check: (value: unknown) => boolean;
  /** The kinds of values that it can take, as bits of `ValueKind`. */
  readonly kinds: number;
}

export interface UnionFacts {
  /** Returns whether a value fits any of the branches. */
  readonly fits: (value: unknown) => boolean;
  /** True if the schema has no other keyword that could make a value fit. */
  readonly isWhole: boolean;
  /** True if no branch has parts. */
  readonly isOfLiterals: boolean;
}

/**
 * A union. A value belongs to the branch that its discriminator names, or else the first that it fits as it is, or else
 * the first that it can be coerced to. Only the errors of the chosen branch are reported.
 *
 */
export function unionNode(
  branches: readonly Branch[],
  discriminator: Discriminator | undefined,
  { fits, isWhole, isOfLiterals }: UnionFacts,
): SchemaNode {
  const types = [...new Set(branches.map(({ schema }) => describeType(schema)))];
  const wanted = listed(types, ' or ');
  // The errors of its branches describe a union better if the descriptions of their types do not distinguish them.
  const isVague = types.includes(describeType({} as Schema)) || (types.length === 1 && branches.length > 1);
  const candidatesByKind = new Map<number, readonly Branch[]>();
  const candidatesFor = (value: unknown, traits: CoercionContext['traits']) => {
    if (!isOfOneKind(value, traits)) return branches.filter(({ kinds }) => accepts(kinds, value, traits));
    const kind = kindOf(value);
    const known = candidatesByKind.get(kind) ?? branches.filter(({ kinds }) => (kinds & kind) !== 0);
    candidatesByKind.set(kind, known);
    return known;
  };

  return {
    coerce(value, context) {
      if (discriminator && isRecord(value) && !couldBeList(value, context.traits)) {
        const branch = named(discriminator, value);
        return branch?.coerce ? branch.coerce(value, context) : value;
      }
      const candidates = candidatesFor(value, context.traits);
      const [only] = candidates;
      if (only && candidates.length === 1) return only.coerce ? only.coerce(value, context) : value;
      if (fits(value)) return value;
      for (const { coerce, check } of candidates) {
        const result = coerce ? context.attempt(coerce, value) : value;
        if (!Object.is(result, value) && check(result)) return result;
      }
      if (isWhole) context.noteMisfit();
      return value;
    },
    explain(value, collector) {
      if (discriminator && isRecord(value)) {
        const branch = named(discriminator, value);
        if (branch) return branch.explain(value, collector);
        return collector.add([unknownLiteral(discriminator, value)]);
      }
      const candidates = candidatesFor(value, collector.traits);
      const [only] = candidates;
      if (only && candidates.length === 1) return only.explain(value, collector);
      if (fits(value)) return;
      collector.add([{ path: '', message: isVague ? 'must match a schema in anyOf' : `must be ${wanted}` }]);
      // For unions within unions, explaining each branch of each would take unbounded time.
      if (collector.isTentative || isOfLiterals) return;
      for (const { explain } of candidates) {
        const issues = collector.collectSeparately(explain, value, true);
        collector.add(isVague ? issues : issues.filter(({ path }) => path !== ''));
      }
    },
    claim:
      claimAll(branches) &&
      ((holder, key, claims) => {
        const value = valueAt(holder, key);
        const fitting = ({ check }: Branch) => check(value);
        // Any of the branches can claim a BigInt. Any other value belongs to one of them.
        const branch = discriminator && isRecord(value) ? named(discriminator, value) : branches.find(fitting);
        if (typeof value === 'bigint') claimAll(branches.filter(fitting))?.(holder, key, claims);
        else branch?.claim?.(holder, key, claims);
      }),
  };

  function named({ property, branchOf }: Discriminator, value: Readonly<Record<string, unknown>>): Branch | undefined {
    const index = Object.hasOwn(value, property) ? branchOf(value[property]) : undefined;
    return index === undefined ? undefined : branches[index];
  }
}

/** Returns whether an object can represent a list, where its media type leaves that open. */
function couldBeList(value: unknown, { listsInEntries, listsHaveGaps }: CoercionContext['traits']): boolean {
  return (
    (listsHaveGaps === true && itemsBetweenGaps(value) !== undefined) ||
    (listsInEntries !== undefined && entriesOf(value) !== undefined)
  );
}

function unknownLiteral({ property, literals }: Discriminator, value: Readonly<Record<string, unknown>>) {
  const must = Object.hasOwn(value, property) ? 'must be' : 'is missing; it must be';
  return { path: `/${escapePointer(property)}`, message: `${must} one of ${listed(literals.map(describeLiteral))}` };
}

/** Returns whether a value represents nothing but a value of its own kind. */
function isOfOneKind(value: unknown, traits: CoercionContext['traits']): boolean {
  const isAmbiguous = traits.singleItemIsList || traits.emptyObjectAs || traits.listsHaveGaps || traits.listsInEntries;
  return !isAmbiguous && (typeof value !== 'object' || value === null || Array.isArray(value) || isPlain(value));
}

function accepts(kinds: number, value: unknown, traits: CoercionContext['traits']): boolean {
  const kind = kindOf(value);
  if ((kinds & kind) !== 0) return true;
  if (traits.singleItemIsList && (kinds & ValueKind.list) !== 0) return value !== null && value !== undefined;
  if (traits.emptyObjectAs === 'text' && value === '') return (kinds & (ValueKind.list | ValueKind.object)) !== 0;
  if (traits.emptyObjectAs === 'list' && kind === ValueKind.list) return (kinds & ValueKind.object) !== 0;
  if (kind === ValueKind.object && (kinds & ValueKind.list) !== 0 && couldBeList(value, traits)) return true;
  // A converter may turn the instance of a class into a plain value first.
  return kind === ValueKind.object && !isPlain(value as object);
}
