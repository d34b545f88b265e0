import { messageOf } from '../errors.ts';
import type { Ambiguity } from './coercion-run.ts';
import type { CoercionScope } from './coercion-scope.ts';
import { branchesOf } from './compile-coercer.ts';
import { type CompiledType, compileType, schemaOf } from './compiled-type.ts';
import { describeType } from './describe-type.ts';
import { findDiscriminator } from './discriminator.ts';
import { faultOfType, noConverterTo } from './fault-of-type.ts';
import { coerceTo, type PreparedType } from './prepared-type.ts';
import { isSameType, type TargetType, type ValueOf } from './target-type.ts';
import type { TypeConversions } from './type-conversions.ts';
import { kindsTakenBy, ValueKind } from './value-kind.ts';

/**
 * Compiles a type.
 *
 * @param types what `__TypeId__` may name
 * @param ambiguityOf what the media type of a content type cannot tell apart
 * @throws TypeError with what is wrong with the type
 */
export function prepareType<T extends TargetType>(
  type: T,
  conversions: TypeConversions,
  types: Readonly<Record<string, TargetType>>,
  ambiguityOf: (contentType: unknown) => Ambiguity,
): PreparedType<ValueOf<T>> {
  const fault = faultOfType(type, (named) =>
    conversions.sourcesOf(named).length > 0 ? undefined : noConverterTo(named, conversions.describe()),
  );
  if (fault) throw new TypeError(`the type ${fault}.`);
  const scope: CoercionScope = { definitions: {}, references: new Map(), conversions };
  const compiled = compile(type, scope);
  const byTypeId = branchesByTypeId(type, types, scope);
  const optional = Object.hasOwn(type, '~optional');
  return {
    optional,
    nullable: compiled.check(null),
    isArray: isList(type, scope),
    description: describeType(type),
    convert(value, hints, refuse) {
      const { typeId } = hints;
      const named = typeof typeId === 'string' && value !== null ? byTypeId?.get(typeId) : undefined;
      const wanted = named ?? compiled;
      if (wanted.check(value)) return value as ValueOf<T>;
      if (value === undefined && optional) return value as ValueOf<T>;
      const { jsonText = false, contentType } = hints;
      const circumstances = { jsonText, ambiguity: ambiguityOf(contentType) };
      return coerceTo(wanted, value, circumstances, refuse) as ValueOf<T>;
    },
  };
}

function compile(type: TargetType, scope: CoercionScope): CompiledType {
  try {
    return compileType(type, scope);
  } catch (cause) {
    throw new TypeError(`the type cannot be compiled: ${messageOf(cause)}.`, { cause });
  }
}

/** The branches of a union without a discriminator, by the names of those that have one. */
function branchesByTypeId(
  type: TargetType,
  types: Readonly<Record<string, TargetType>>,
  scope: CoercionScope,
): ReadonlyMap<string, CompiledType> | undefined {
  const branches = branchesOf(schemaOf(type));
  if (branches.length < 2 || findDiscriminator(branches, scope)) return undefined;
  const named = Object.entries(types).flatMap(([name, target]) => {
    const branch = branches.find((schema) => isSameType(schema, target));
    return branch ? [[name, compileType(branch, scope)] as const] : [];
  });
  return named.length > 0 ? new Map(named) : undefined;
}

function isList(type: TargetType, scope: CoercionScope): boolean {
  const kinds = kindsTakenBy(type, scope) & ~(ValueKind.null | ValueKind.other);
  // The instances of a class are objects, and what they are made of is what arrives.
  const sources = scope.conversions.sourcesOf(type);
  if (sources.length > 0) return sources.every((source) => isList(source, scope));
  return kinds === ValueKind.list;
}
