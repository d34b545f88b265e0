import { unescapePointer } from '../text/json-pointer.ts';
import type { Schema } from './schema.ts';
import { type Definitions, partsOf } from './schema-keywords.ts';

/**
 * Returns the parts of a schema that its references can name: the whole by `#`, a part by a pointer such as
 * `#/properties/next` (RFC 6901 section 6), and a part with an `$id` by its `$id`. In a schema with several `$id` a
 * pointer has several possible starts, and only TypeBox can resolve it.
 */
export function rootDefinitions(schema: Schema): Definitions {
  const references = new Set<string>();
  const identified = new Map<string, Schema | undefined>();
  for (const part of schemasWithin(schema)) {
    const { $ref, $id } = part as { readonly $ref?: unknown; readonly $id?: unknown };
    if (typeof $ref === 'string') references.add($ref);
    if (typeof $id === 'string') identified.set($id, identified.has($id) ? undefined : (part as Schema));
  }
  const hasOneWhole = identified.size === 0 || (identified.size === 1 && Object.hasOwn(schema, '$id'));
  const found = Array.from(references, ($ref) => {
    if (!$ref.startsWith('#')) return [$ref, identified.get($ref)] as const;
    return [$ref, hasOneWhole ? partAt(schema, $ref) : undefined] as const;
  });
  return Object.fromEntries(found.filter((entry): entry is [string, Schema] => entry[1] !== undefined));
}

/** Returns whether a schema holds a check that is a function of its author. */
export function holdsRefinement(schema: Schema): boolean {
  return Array.from(schemasWithin(schema)).some((part) => Object.hasOwn(part, '~refine'));
}

/** Returns a schema and all schemas in it, each once. */
function schemasWithin(schema: object): Set<object> {
  const found = new Set<object>([schema]);
  // The loop also visits the schemas that it adds.
  for (const one of found) {
    for (const [, part] of partsOf(one)) if (typeof part === 'object' && part !== null) found.add(part);
  }
  return found;
}

function partAt(schema: Schema, reference: string): Schema | undefined {
  let part: unknown = schema;
  for (const step of stepsOf(reference)) {
    if (typeof part !== 'object' || part === null || !Object.hasOwn(part, step)) return undefined;
    part = (part as Readonly<Record<string, unknown>>)[step];
  }
  const isSchema = typeof part === 'object' && part !== null && !Array.isArray(part);
  return isSchema ? (part as Schema) : undefined;
}

/** Returns the names in a pointer. A reference that is no pointer, such as an anchor, resolves to nothing. */
function stepsOf(reference: string): readonly string[] {
  if (reference === '#') return [];
  const [, ...steps] = reference.split('/');
  if (!reference.startsWith('#/')) return [reference];
  return steps.map((step) => unescapePointer(decoded(step)));
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}
