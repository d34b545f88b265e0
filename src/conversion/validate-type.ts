import { isKnownFormat } from '../schema/bounded-formats.ts';
import { nameOfClass } from '../schema/class.ts';
import { describeForeignSchema, foreignSchema } from '../schema/foreign-schema.ts';
import { isSchema } from '../schema/schema-check.ts';
import { looksLikeSchema, partsOf } from '../schema/schema-keywords.ts';
import { classOfType, isTargetType, type TargetType } from '../schema/target-type.ts';
import { describeValue } from '../text/describe-value.ts';
import type { MediaTypeConverter } from './media-type-converter.ts';
import type { TypeConverter } from './type-converter.ts';

const types = ['object', 'array', 'boolean', 'integer', 'number', 'null', 'string'];
const typesOfTypeBox = ['bigint', 'constructor', 'function', 'symbol', 'undefined', 'void'];
const known = new Set([...types, ...typesOfTypeBox]);

type ClassValidator = (type: TargetType) => string | undefined;

/**
 * Describes the issue of a type, at start, because TypeBox accepts every value for a format or a kind that it does not
 * know.
 *
 * @param type the value in the place of a type, from a caller that TypeScript may not have checked
 * @param validateClass describes the issue of a class
 * @returns undefined for a valid type, else a clause that follows `the type`
 */
export function validateType(type: unknown, validateClass: ClassValidator = () => undefined): string | undefined {
  const library = foreignSchema(type);
  if (library) return describeForeignSchema(library);
  if (!isTargetType(type)) {
    return `is ${describeValue(type)}, not a schema or a class. Give a TypeBox schema such as Type.Object({ … })`;
  }
  if (!isSchema(type)) return validateClass(type);
  for (const [path, part] of schemasIn(type)) {
    const issue = typeof part === 'boolean' ? undefined : validatePart(part, validateClass);
    if (issue) return path === '' ? issue : `is invalid at ${path}: it ${issue}`;
  }
  return undefined;
}

/** Visits a schema and all schemas in it, each once. */
function* schemasIn(root: object): Generator<[path: string, part: unknown]> {
  const seen = new Set<unknown>();
  const open: [path: string, part: unknown][] = [['', root]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [path, part] = next;
    if (seen.has(part)) continue;
    seen.add(part);
    yield next;
    if (!isSchema(part) || classOfType(part)) continue;
    for (const [step, inner] of partsOf(part)) open.push([`${path}${step}`, inner]);
  }
}

function validatePart(part: unknown, validateClass: ClassValidator): string | undefined {
  const library = foreignSchema(part);
  if (library) return describeForeignSchema(library);
  if (!isSchema(part)) return `is ${describeValue(part)}, not a schema`;
  const named = classOfType(part);
  if (named) return validateClass(named);
  if (!looksLikeSchema(part)) return 'is an object that is not a schema. Give Type.Object({ … }) of it';
  const prototype: unknown = Object.getPrototypeOf(part);
  if (!('~kind' in part) && prototype !== Object.prototype && prototype !== null) {
    return 'is an instance of a class, not a schema. Give a TypeBox schema such as Type.Object({ … })';
  }
  if (Object.hasOwn(part, '~codec')) {
    return 'is a TypeBox codec, which is not applied here. Register a type converter instead, { from, to, convert }, and name what it makes';
  }
  const { format, type } = part as { format?: unknown; type?: unknown };
  if (format !== undefined && !(typeof format === 'string' && isKnownFormat(format))) {
    return `has the format '${String(format)}', which is not known. Add it with Format.Set of typebox/format before the gateway is made`;
  }
  const unknown = type === undefined ? [] : [type].flat().filter((name) => !known.has(name as string));
  return unknown.length === 0 ? undefined : `has the type '${String(unknown[0])}', which JSON Schema does not know`;
}

/** Describes the issue of a class without a converter to it. */
export function noConverterTo(type: TargetType, registered: string): string {
  const named = classOfType(type);
  return `is the class ${named ? nameOfClass(named) : ''}, which no type converter makes. Register one in 'converters': { from, to: ${named ? nameOfClass(named) : ''}, convert }. Registered: ${registered || 'none'}`;
}

/**
 * Describes the issue of a converter of the configuration, from a caller that TypeScript may not have checked.
 *
 * @returns undefined for a valid converter
 */
export function validateConverter(converter: unknown): string | undefined {
  const { name, matches, convert, from, to } = (converter ?? {}) as Partial<
    Record<keyof MediaTypeConverter | keyof TypeConverter, unknown>
  >;
  if (typeof convert === 'function') {
    if (typeof name === 'string' && typeof matches === 'function') return undefined;
    if (from !== undefined && to !== undefined) return validateEnd('from', from) ?? validateEnd('to', to);
  }
  return "is no converter; give a media type converter, an object of 'name', 'matches' and 'convert', or a type converter of 'from', 'to' and 'convert'";
}

function validateEnd(end: string, type: unknown): string | undefined {
  const issue = validateType(type);
  return issue && `its '${end}' ${issue}`;
}
