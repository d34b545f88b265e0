import { compileNode } from './compile-node.ts';
import { instance } from './instance.ts';
import type { NodeScope, SchemaNode } from './node-scope.ts';
import { compileSchema, type Schema, type SchemaCheck } from './schema-check.ts';
import { classOfType, type TargetType } from './target-type.ts';

/** A type with its check, its coercion, and the explanation of values that do not fit. */
export interface CompiledType extends SchemaCheck<unknown>, SchemaNode {}

/** @throws Error when TypeBox cannot compile the schema */
export function compileType(type: TargetType, scope: NodeScope): CompiledType {
  const schema = schemaOf(type);
  return { ...compileSchema(schema, scope.definitions), ...compileNode(schema, scope) };
}

/**
 * Compiles the source type of a type converter.
 *
 * @throws Error when TypeBox cannot compile the schema
 */
export function compileSource(type: TargetType, scope: NodeScope): CompiledType {
  const schema = schemaOf(type);
  return { ...compileSchema(schema, scope.definitions), ...compileNode(schema, scope, true) };
}

/** Returns the type as a schema. */
export function schemaOf(type: TargetType): Schema {
  const named = classOfType(type);
  return named === type ? instance(named) : (type as Schema);
}
