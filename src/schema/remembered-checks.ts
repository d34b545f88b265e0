import type { TSchema } from 'typebox';
import { type Definitions, keywordsOf, mapParts } from './schema-keywords.ts';

// A union tries its branches one after the other. Where these lead back to the union, each level of a value doubles the
// work, so that some hundred bytes of JSON would take years. So no object is checked twice against one definition.

/** A function that compiles a schema without references. */
type CompileSchema = (schema: TSchema) => { readonly check: (value: unknown) => boolean };

/** Facts that hold during the check of one value, such as that an object fits, by definition and object. */
let memory: Map<object, unknown> | undefined;

/** Caches the results of checks until the work is done. The checked values must not change during it. */
export function rememberingChecks<Result>(work: () => Result): Result {
  if (memory !== undefined) return work();
  memory = new Map();
  try {
    return work();
  } finally {
    memory = undefined;
  }
}

/** Clears the cached results, because user code ran that may have changed the checked values. */
export function forgetChecks(): void {
  memory?.clear();
}

/** Returns the data that an owner keeps during the check of one value. Outside of a check, each call makes new data. */
export function remembered<Kept>(owner: object, make: () => Kept): Kept {
  const kept = (memory?.get(owner) as Kept | undefined) ?? make();
  memory?.set(owner, kept);
  return kept;
}

/**
 * Returns a schema whose references to definitions are checked once for each object.
 *
 * @param definitions definitions outside the schema that it refers to
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

/**
 * Returns the definitions that a schema can refer to. Only those of `Type.Cyclic` are referred to by name in `$defs`.
 */
function scopeIn(schema: TSchema, outer: Definitions): Definitions {
  const { $defs } = keywordsOf(schema);
  if ($defs === undefined) return outer;
  return (schema as { readonly '~kind'?: unknown })['~kind'] === 'Cyclic' ? { ...outer, ...$defs } : outer;
}

function definitionIn(scope: Definitions, name: unknown): TSchema {
  if (typeof name !== 'string' || !Object.hasOwn(scope, name)) throw unresolved;
  return scope[name] as TSchema;
}

/** Throws for a reference to an unknown definition at startup, instead of at the first value. */
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
    const known = remembered(definition, () => new Map<object, boolean>());
    const verdict = known.get(value) ?? check(value);
    known.set(value, verdict);
    return verdict;
  };
}
