import { Format } from 'typebox/format';
import type { KeywordRefinement } from './refinement.ts';
import { isFormatted, isUnmatched, maxFormatted } from './safe-patterns.ts';

/**
 * The formats whose check takes time by the square of the text's length, or much time for each character. No text of
 * such a format is longer than this in practice.
 */
const boundedFormats: ReadonlySet<string> = new Set(['date-time', 'hostname', 'idn-email', 'idn-hostname', 'regex']);

/** The formats of which a simple text is recognised without TypeBox, because many such texts take long together. */
const quickFormats: ReadonlySet<string> = new Set(['iri-reference']);

/** The length of the longest text that can be of such a format. */
const maxFormattedLength = 1_000;

/** Returns whether TypeBox knows a format. It accepts every text for a format that it does not know. */
export function isKnownFormat(format: string): boolean {
  return Format.Has(format);
}

/** Returns refinements for a format whose check is slow for long texts. */
export function refineFormat(schema: object): KeywordRefinement[] {
  const { format } = schema as { readonly format?: unknown };
  if (typeof format !== 'string' || !(boundedFormats.has(format) || quickFormats.has(format))) return [];
  const check = (value: unknown) => typeof value !== 'string' || isOfFormat(format, value);
  return [{ keyword: 'format', check, error: (value) => describeMismatch(format, value) }];
}

/** The formats of whose texts only so many characters are matched in one conversion. */
const countedFormats: ReadonlySet<string> = new Set(['idn-hostname', 'regex']);

function describeMismatch(format: string, value: unknown): string {
  const isCounted = countedFormats.has(format) && typeof value === 'string' && value.length <= maxFormattedLength;
  if (!isCounted || !isUnmatched(format, value)) return `must match format "${format}"`;
  const names = [...countedFormats].join(' and ');
  return `is not checked for format "${format}", because it and the texts of the formats ${names} before it have more than ${maxFormatted} characters`;
}

function isOfFormat(format: string, text: string): boolean {
  if (boundedFormats.has(format) && text.length > maxFormattedLength) return false;
  switch (format) {
    case 'iri-reference':
      return isPlainReference(text) || Format.Test(format, text);
    case 'hostname':
      return isPlainHostname(text) || Format.Test(format, text);
    case 'idn-hostname':
      return isPlainHostname(text) || isFormatted(format, text, isIdnHostname);
    case 'regex':
      return isFormatted(format, text, isRegex);
    default:
      return Format.Test(format, text);
  }
}

const plainLabel = '[a-z0-9](?:[a-z0-9]|-(?!-))*(?<!-)';
const plainHostname = new RegExp(`^${plainLabel}(?:\\.${plainLabel})*$`);

/**
 * Returns whether a text is a host name of lower-case letters and digits without two hyphens in a row. TypeBox's check
 * takes a microsecond for each character.
 */
function isPlainHostname(text: string): boolean {
  return text.length <= 253 && plainHostname.test(text) && text.split('.').every((label) => label.length <= 63);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a reference cannot contain these characters
const notPlainInReference = /[\u0000-\u0020\u007f\\%:]/;

/**
 * Returns whether a text is a relative reference of simple characters. TypeBox accepts each of them, but resolves it
 * against an address first.
 */
function isPlainReference(text: string): boolean {
  return !notPlainInReference.test(text) && !text.includes('//');
}

function isIdnHostname(text: string): boolean {
  return Format.Test('idn-hostname', text);
}

function isRegex(text: string): boolean {
  const plain = withoutProperties(text);
  return plain !== undefined && Format.Test('regex', plain);
}

/** The properties of Unicode that were found. There are few thousand of them. */
const knownProperties = new Set<string>();

/**
 * Replaces the property escapes of a regular expression, such as `\p{L}`, by another class of characters, because V8
 * compiles the whole class for each of them.
 *
 * @returns undefined if there is no such property
 */
function withoutProperties(text: string): string | undefined {
  let areKnown = true;
  const plain = text.replace(/\\(?:[pP]\{[^}]*\}|[\s\S])/g, (found) => {
    if (!/^\\[pP]/.test(found)) return found;
    areKnown &&= isProperty(found);
    return '\\w';
  });
  return areKnown ? plain : undefined;
}

function isProperty(property: string): boolean {
  if (knownProperties.has(property)) return true;
  if (!Format.Test('regex', property)) return false;
  knownProperties.add(property);
  return true;
}
