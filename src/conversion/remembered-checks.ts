import type { TSchema } from 'typebox';
import { type Definitions, keywordsOf, mapParts } from './schema-keywords.ts';

// A union tries its branches one after the other. Where these lead back to the union, each level of a value doubles the
// work, and some hundred bytes of JSON would take for ever. So no object is checked twice against one definition.

/** Compiles a schema that refers to nothing. */
type CompileSchema = (schema: TSchema) => { readonly check: (value: unknown) => boolean };

/** What is known while one value is checked: by definition, whether an object fits it. */
let memory: Map<object, Map<object, boolean>> | undefined;

/** Remembers what was checked until the work is done, during which nothing that was checked may change. */
export function rememberingChecks<Result>(work: () => Result): Result {
  if (memory !== undefined) return work();
  memory = new Map();
  try {
    return work();
  } finally {
    memory = undefined;
  }
}

/** Forgets what was checked, for code of others ran that may have changed it. */
export function forgetChecks(): void {
  memory?.clear();
}

/**
 * Makes a schema whose references to definitions are checked once for each object.
 *
 * @param definitions what it refers to and does not hold itself
 * @returns undefined for a schema without such references, or with others, which only the whole schema can resolve
 */
export function withRememberedReferences(
  schema: TSchema,
  definitions: Definitions,
  compile: CompileSchema,
): TSchema | undefined {
  try {
    for (const definition of Object.values(definitions)) assertResolved(definition, definitions);
    const rewritten = rewrite(schema, definitions, compile);
    return rewritten === schema ? undefined : rewritten;
  } catch (error) {
    if (error === unresolved) return undefined;
    throw error;
  }
}

const unresolved = Symbol('a reference to none of the definitions');

function rewrite(schema: TSchema, outer: Definitions, compile: CompileSchema): TSchema {
  const { $defs, $ref } = keywordsOf(schema);
  const scope = scopeIn(schema, outer);
  if ($defs !== undefined) for (const definition of Object.values($defs)) assertResolved(definition, scope);
  const { $defs: _, ...parts } = keywordsOf(schema);
  const changed = mapParts(parts, (part) => rewrite(part as TSchema, scope, compile));
  if ($defs === undefined && $ref === undefined && changed === undefined) return schema;
  const copy = { ...Object.getOwnPropertyDescriptors(schema) } as Record<string, PropertyDescriptor>;
  for (const name of ['$defs', '$ref', '~kind']) delete copy[name];
  const result = Object.defineProperties({}, copy) as Record<string, unknown>;
  Object.assign(result, changed);
  if ($ref !== undefined) {
    const check = { check: fits(definitionIn(scope, $ref), scope, compile), error: () => `must be ${String($ref)}` };
    const refinements = [...((result['~refine'] as unknown[] | undefined) ?? []), check];
    Object.defineProperty(result, '~refine', { value: refinements, configurable: true });
  }
  return result as TSchema;
}

/** Of `$defs` only `Type.Cyclic` is referred to by name. */
function scopeIn(schema: TSchema, outer: Definitions): Definitions {
  const { $defs } = keywordsOf(schema);
  if ($defs === undefined) return outer;
  if ((schema as { readonly '~kind'?: unknown })['~kind'] !== 'Cyclic') throw unresolved;
  return { ...outer, ...$defs };
}

function definitionIn(scope: Definitions, name: unknown): TSchema {
  if (typeof name !== 'string' || !Object.hasOwn(scope, name)) throw unresolved;
  return scope[name] as TSchema;
}

/** Finds at the start what would be found out at the first value otherwise. */
function assertResolved(schema: TSchema, outer: Definitions): void {
  const { $ref } = keywordsOf(schema);
  const scope = scopeIn(schema, outer);
  if ($ref !== undefined) definitionIn(scope, $ref);
  mapParts(schema, (part) => {
    assertResolved(part as TSchema, scope);
    return part;
  });
}

function fits(definition: TSchema, scope: Definitions, compile: CompileSchema): (value: unknown) => boolean {
  let compiled: ReturnType<CompileSchema> | undefined;
  const check = (value: unknown) => {
    // A definition can refer to itself, so it is not compiled before there is a value.
    compiled ??= compile(rewrite(definition, scope, compile));
    return compiled.check(value);
  };
  return (value) => {
    if (typeof value !== 'object' || value === null || memory === undefined) return check(value);
    const known = memory.get(definition) ?? new Map<object, boolean>();
    memory.set(definition, known);
    const verdict = known.get(value) ?? check(value);
    known.set(value, verdict);
    return verdict;
  };
}
