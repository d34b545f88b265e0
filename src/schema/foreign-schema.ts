/** Marks of each library's schemas, and of the copies that TypeBox makes of them: `Type.Optional(z.string())`. */
const marksOfObjects: Marks = [
  ['zod', (value) => '_zod' in value || '_def' in value || isObjectAt(value, 'def')],
  ['valibot', (value) => '~run' in value],
  ['arktype', (value) => 'innerHash' in value && 'impl' in value],
  ['yup', (value) => '__isYupSchema__' in value || '_typeCheck' in value],
  ['joi', (value) => '$_root' in value || '$_terms' in value],
  ['effect', (value) => 'ast' in value || ('fields' in value && ('make' in value || 'mapFields' in value))],
  ['superstruct', (value) => 'refiner' in value && 'coercer' in value],
  ['io-ts', (value) => 'encode' in value && 'decode' in value && 'is' in value],
  ['runtypes', (value) => 'tag' in value && ('isExact' in value || ('guard' in value && 'assert' in value))],
];

/** Fewer marks than for objects, because a class of the application has static members of any name. */
const marksOfFunctions: Marks = [
  ['arktype', (value) => 'innerHash' in value && 'impl' in value],
  // A class made by Schema.Class of effect has an identifier, and is otherwise like any other class.
  ['effect', (value) => 'ast' in value && 'pipe' in value && !('identifier' in value)],
];

type Marks = readonly (readonly [library: string, isMarked: (value: object) => boolean])[];

function isObjectAt(value: object, name: string): boolean {
  const inner = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  return typeof inner === 'object' && inner !== null && 'type' in inner;
}

/**
 * Names the library that made a schema, where that is not TypeBox. TypeBox would take such a schema for one without any
 * rule, and would accept every value.
 *
 * @returns undefined for schemas of TypeBox, JSON Schema, and values that are no schema
 */
export function foreignSchema(value: unknown): string | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  if ('~kind' in value) return undefined;
  const marks = typeof value === 'function' ? marksOfFunctions : marksOfObjects;
  return vendorOf(value) ?? marks.find(([, isMarked]) => isMarked(value))?.[0];
}

/** Returns the vendor that a schema names by Standard Schema (standardschema.dev). */
function vendorOf(value: object): string | undefined {
  if (!('~standard' in value)) return undefined;
  const { vendor } = Object(value['~standard']) as { readonly vendor?: unknown };
  return typeof vendor === 'string' && vendor !== '' ? vendor.slice(0, 64) : 'another library';
}

/** Describes the issue of a schema of another library, and its remedy. */
export function describeForeignSchema(library: string): string {
  return `is a schema of ${library}, which would check nothing here. Write it with TypeBox, such as Type.Object({ … }); or leave the type out and parse the value with ${library} in the handler`;
}
