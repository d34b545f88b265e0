import { errorMessage } from '../errors.ts';
import type { FormatTraits } from '../schema/coercion-context.ts';
import { branchesOf } from '../schema/compile-node.ts';
import { type CompiledType, compileType, schemaOf } from '../schema/compiled-type.ts';
import { describeType } from '../schema/describe-type.ts';
import { findDiscriminator } from '../schema/discriminator.ts';
import { definitionOf, type NodeScope, noConversions, withDefinitions } from '../schema/node-scope.ts';
import { holdsRefinement, rootDefinitions } from '../schema/root-definitions.ts';
import { restartSearchTime } from '../schema/safe-patterns.ts';
import { passes, type Schema } from '../schema/schema-check.ts';
import { keywordsOf } from '../schema/schema-keywords.ts';
import { classOfType, isSameType, type TargetType, type ValueOf } from '../schema/target-type.ts';
import type { UntypedLargeIntegers } from '../schema/untyped-integers.ts';
import { acceptedKinds, ValueKind } from '../schema/value-kind.ts';
import { type ConversionHints, type ConversionTarget, coerceTo, settleTyped } from './conversion-target.ts';
import type { TypeConversions } from './type-conversions.ts';
import { noConverterTo, validateType } from './validate-type.ts';

/**
 * Compiles a type.
 *
 * @param types the types that `__TypeId__` may name
 * @param traitsOf returns the distinctions that the format of a value cannot express
 * @param untypedLargeIntegers the handling of large integers that the type leaves untyped
 * @throws TypeError with the issue of the type
 */
export function compileTarget<T extends TargetType>(
  type: T,
  conversions: TypeConversions,
  types: Readonly<Record<string, TargetType>>,
  traitsOf: (hints: ConversionHints) => FormatTraits,
  untypedLargeIntegers: UntypedLargeIntegers,
): ConversionTarget<ValueOf<T>> {
  const issue = validateType(type, soundness(conversions));
  if (issue) throw new TypeError(`the type ${issue}.`);
  const scope: NodeScope = { definitions: rootDefinitions(schemaOf(type)), references: new Map(), conversions };
  const compiled = compile(type, scope);
  const byTypeId = branchesByTypeId(schemaOf(type), types, scope);
  const optional = Object.hasOwn(type, '~optional');
  const takesJson = (acceptedKinds(type, scope) & (ValueKind.list | ValueKind.object)) !== 0;
  return {
    optional,
    nullable: passes(compiled, null),
    isArray: isList(type, scope),
    itemsAreLists: itemsAreLists(type, scope),
    runsAuthorCode: holdsRefinement(schemaOf(type)),
    description: describeType(type),
    convert(value, hints, refuse) {
      restartSearchTime();
      const { typeId } = hints;
      const named = typeof typeId === 'string' && value !== null ? byTypeId?.get(typeId) : undefined;
      const wanted = named ?? compiled;
      const fits = wanted.check(value) || (optional && value === undefined);
      if (fits && !hints.largeIntegers) return value as ValueOf<T>;
      const jsonText = hints.jsonText === true && (takesJson || isQuoted(value));
      const circumstances = { jsonText, traits: traitsOf(hints), untypedLargeIntegers };
      const fitting = fits ? value : coerceTo(wanted, value, circumstances, refuse);
      if (!hints.largeIntegers) return fitting as ValueOf<T>;
      return settleTyped(wanted, fitting, untypedLargeIntegers, refuse) as ValueOf<T>;
    },
  };
}

/** Returns whether a text is in quotes, as PHP writes a date or the case of an enum into a header. */
function isQuoted(value: unknown): boolean {
  return typeof value === 'string' && value.length > 1 && value.startsWith('"') && value.endsWith('"');
}

function compile(type: TargetType, scope: NodeScope): CompiledType {
  try {
    return compileType(type, scope);
  } catch (cause) {
    throw new TypeError(`the type cannot be compiled: ${errorMessage(cause)}.`, { cause });
  }
}

/** Returns a validator of classes: each needs a type converter, whose source type is valid. */
function soundness(conversions: TypeConversions): (type: TargetType) => string | undefined {
  const seen = new Set<TargetType>();
  return function validateClass(type) {
    if (seen.has(type)) return undefined;
    seen.add(type);
    const sources = conversions.sourcesOf(type);
    if (sources.length === 0) return noConverterTo(type, conversions.describe());
    for (const source of sources) {
      // Instances of a class come from within the process, and need no converter to it.
      const issue = classOfType(source) ? undefined : validateType(source, validateClass);
      if (issue) return `is ${describeType(type)}, whose type converter takes a type that ${issue}`;
    }
    return undefined;
  };
}

/** Returns the branches of a union without a discriminator, by their names in `types`. */
function branchesByTypeId(
  schema: Schema,
  types: Readonly<Record<string, TargetType>>,
  outer: NodeScope,
): ReadonlyMap<string, CompiledType> | undefined {
  const { $defs, $ref } = keywordsOf(schema);
  const scope = withDefinitions(outer, $defs);
  const branches = branchesOf(definitionOf($ref, scope) ?? schema);
  if (branches.length < 2 || findDiscriminator(branches, scope)) return undefined;
  const named = Object.entries(types).flatMap(([name, target]) => {
    const branch = branches.find((one) => isSameType(one, target));
    return branch ? [[name, compileType(branch, scope)] as const] : [];
  });
  return named.length > 0 ? new Map(named) : undefined;
}

function isList(type: TargetType, scope: NodeScope): boolean {
  // The instances of a class are objects, but the source of their converter is what arrives.
  const sources = classOfType(type) ? scope.conversions.sourcesOf(type).filter((one) => !classOfType(one)) : [type];
  const ofItself = { ...scope, conversions: noConversions };
  return (
    sources.length > 0 && sources.every((source) => (acceptedKinds(source, ofItself) & ~orNothing) === ValueKind.list)
  );
}

/** Returns whether all items of a list are lists; undefined if only some are, or if it is unknown. */
function itemsAreLists(type: TargetType, scope: NodeScope): boolean | undefined {
  if (classOfType(type)) return undefined;
  const { items } = keywordsOf(type);
  if (items === undefined || typeof items === 'boolean') return undefined;
  const kinds = [items]
    .flat()
    .map((item) => acceptedKinds(item as TargetType, { ...scope, conversions: noConversions }));
  if (kinds.every((kind) => (kind & ~orNothing) === ValueKind.list)) return true;
  return kinds.every((kind) => (kind & ValueKind.list) === 0) ? false : undefined;
}

const orNothing = ValueKind.null | ValueKind.other;
