import { compileNode } from './compile-node.ts';
import { instance } from './instance.ts';
import type { NodeScope, SchemaNode } from './node-scope.ts';
import { compileSchema, type Schema, type SchemaCheck } from './schema-check.ts';
import { classOfType, type TargetType } from './target-type.ts';

/** A type with its check, what coerces to it, and what explains why a value does not fit. */
export interface CompiledType extends SchemaCheck<unknown>, SchemaNode {}

/** @throws Error when TypeBox cannot compile the schema */
export function compileType(type: TargetType, scope: NodeScope): CompiledType {
  const schema = schemaOf(type);
  return { ...compileSchema(schema, scope.definitions), ...compileNode(schema, scope) };
}

/**
 * Compiles what a type converter takes.
 *
 * @throws Error when TypeBox cannot compile the schema
 */
export function compileSource(type: TargetType, scope: NodeScope): CompiledType {
  const schema = schemaOf(type);
  return { ...compileSchema(schema, scope.definitions), ...compileNode(schema, scope, true) };
}

/** The type as a schema. */
export function schemaOf(type: TargetType): Schema {
  const named = classOfType(type);
  return named === type ? instance(named) : (type as Schema);
}
