import type { Schema } from './schema.ts';

/** The keywords of JSON Schema that conversion looks at, as far as they are what they should be. */
export interface Keywords {
  readonly type?: string | readonly string[];
  readonly title?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly $ref?: unknown;
  readonly $defs?: Definitions;
  readonly properties?: Definitions;
  readonly patternProperties?: Definitions;
  readonly additionalProperties?: unknown;
  readonly required?: readonly string[];
  readonly items?: unknown;
  readonly prefixItems?: readonly Schema[];
  readonly additionalItems?: unknown;
}

export type Definitions = Readonly<Record<string, Schema>>;

export function keywordsOf(schema: object): Keywords {
  return schema as Keywords;
}

const holdOne = ['additionalProperties', 'additionalItems', 'contains', 'not', 'if', 'then', 'else', 'propertyNames'];
const holdOneMore = ['unevaluatedItems', 'unevaluatedProperties'];
const holdList = ['anyOf', 'allOf', 'oneOf', 'prefixItems'];
const holdNamed = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies'];

/** Visits the direct parts of a schema, each with its keyword path. A part may be a value that is no schema. */
export function* partsOf(schema: object): Generator<[path: string, part: unknown]> {
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'items' ? !Array.isArray(value) : [...holdOne, ...holdOneMore].includes(keyword)) {
      yield [`/${keyword}`, value];
    } else if (keyword === 'items' || holdList.includes(keyword) || holdNamed.includes(keyword)) {
      for (const [name, part] of Object.entries(value ?? {})) {
        if (!isListOfNames(keyword, part)) yield [`/${keyword}/${name}`, part];
      }
    }
  }
}

/** Returns whether a dependency needs other properties, instead of a schema. */
function isListOfNames(keyword: string, part: unknown): boolean {
  return keyword === 'dependencies' && Array.isArray(part);
}

/**
 * Maps the direct subschemas of a schema.
 *
 * @returns the changed keywords; undefined if there are none
 */
export function mapParts(schema: object, map: (part: object) => object): Record<string, unknown> | undefined {
  const changed: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    const isNamed = holdNamed.includes(keyword) || holdList.includes(keyword) || Array.isArray(value);
    if (!isNamed && keyword !== 'items' && ![...holdOne, ...holdOneMore].includes(keyword)) continue;
    if (isNamed && !holdNamed.includes(keyword) && !holdList.includes(keyword) && keyword !== 'items') continue;
    const mapped = isNamed ? mapAll(value as object, map) : mapOne(value, map);
    if (mapped !== value) changed[keyword] = mapped;
  }
  return Object.keys(changed).length === 0 ? undefined : changed;
}

function mapAll(parts: object, map: (part: object) => object): object {
  const entries = Object.entries(parts).map(([name, part]) => [name, mapOne(part, map)] as const);
  if (entries.every(([name, part]) => part === (parts as Record<string, unknown>)[name])) return parts;
  return Array.isArray(parts) ? entries.map(([, part]) => part) : Object.fromEntries(entries);
}

function mapOne(part: unknown, map: (part: object) => object): unknown {
  return typeof part === 'object' && part !== null && !Array.isArray(part) ? map(part) : part;
}

const annotations = [
  '$id',
  '$schema',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'readOnly',
  'writeOnly',
];
const assertions =
  'type enum const format pattern minLength maxLength minimum maximum exclusiveMinimum exclusiveMaximum multipleOf items minItems maxItems uniqueItems minContains maxContains required minProperties maxProperties dependentRequired $ref $dynamicRef $recursiveRef'.split(
    ' ',
  );
const known = new Set([...annotations, ...assertions, ...holdOne, ...holdOneMore, ...holdList, ...holdNamed]);

// TypeBox notes them on a copy of its argument.
const onCopies = new Set(['~optional', '~readonly']);

/**
 * Returns whether a non-empty object has any keyword of a schema. A bare `{ name: Type.String() }` has none, nor has
 * the result of `Type.Optional` for a value that is no schema.
 */
export function looksLikeSchema(value: object): boolean {
  const names = Object.getOwnPropertyNames(value);
  return names.length === 0 || names.some((name) => known.has(name) || (name.startsWith('~') && !onCopies.has(name)));
}
