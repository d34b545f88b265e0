import type { Coerce } from './coercion-run.ts';
import type { CoercionScope } from './coercion-scope.ts';
import { compileCoercer } from './compile-coercer.ts';
import { instance } from './instance.ts';
import { compileSchema, type Schema, type SchemaCheck } from './schema-check.ts';
import { classOfType, type TargetType } from './target-type.ts';

/** A type with its check and what coerces to it. */
export interface CompiledType extends SchemaCheck<unknown> {
  readonly coerce: Coerce;
}

/** @throws Error when TypeBox cannot compile the schema */
export function compileType(type: TargetType, scope: CoercionScope): CompiledType {
  const schema = schemaOf(type);
  const { check, faults } = compileSchema(schema, scope.definitions);
  return { check, faults, coerce: compileCoercer(schema, scope) ?? ((value) => value) };
}

/** The type as a schema. */
export function schemaOf(type: TargetType): Schema {
  const named = classOfType(type);
  return named === type ? instance(named) : (type as Schema);
}
