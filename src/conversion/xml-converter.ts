import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser';
import { LittoralError } from '../errors.ts';
import { decodeText, refuseOtherThanUtf8 } from './character-encoding.ts';
import { isRecord } from './is-record.ts';
import { isValue, isXml, type MediaType } from './media-type.ts';
import type { MediaTypeConverter } from './media-type-converter.ts';
import { refuseBytes } from './refuse-bytes.ts';

const layout = { ignoreAttributes: false, attributeNamePrefix: '@', textNodeName: '#text' } as const;

/** How many elements may stand in one another. */
const maxDepth = 100;

// Text stays text: "007" and "1e3" are the sender's, and what they mean is for the handler's type to say.
const parser = new XMLParser({
  ...layout,
  // The parser would trim each piece of a text between CDATA, instructions and elements.
  trimValues: false,
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  // Without it references to characters by number stay as they are, and PHP writes those.
  htmlEntities: true,
  // It counts the elements around one, the one itself not among them.
  maxNestedTags: maxDepth - 1,
  // By itself the parser would give such an element another name.
  onDangerousProperty: () => {
    throw new Error('a name that is refused');
  },
});
const builder = new XMLBuilder({ ...layout, suppressBooleanAttributes: false });

/**
 * XML and every `+xml`. The root element stands for the value itself, its children are the fields, repeated ones a
 * list, attributes fields that start with `@`. Written with the root `<message>`.
 *
 * All text stays text, without white space at its ends; within it stays, also around CDATA and elements. XML does not tell a list of one from its item, an empty list
 * from an absent one, nor an empty object or null from an empty text.
 */
export const xmlConverter: MediaTypeConverter = {
  name: 'XML',
  losesLists: true,
  emptyObjectIs: 'text',
  matches: (source, target) => (isXml(source) && isValue(target)) || (isValue(source) && isXml(target)),
  convert: (payload, source, target) =>
    isValue(source) ? encodeXml(payload, target) : decodeXml(payload as Uint8Array, source),
};

function decodeXml(bytes: Uint8Array, source: MediaType): unknown {
  const text = decodeText(bytes, source);
  // A document type can define entities that grow without end or point at files; messages have no use for one.
  if (/<!DOCTYPE/i.test(text)) throw malformed(source, 'has a document type, which is refused');
  const fault = XMLValidator.validate(text);
  if (fault !== true) {
    // Its text quotes the names of elements; an error must not carry a part of a payload.
    const { line, col } = fault.err;
    throw malformed(source, `is not XML: a fault in line ${line ?? 1}, column ${col ?? 1}`);
  }
  const roots = Object.values(withTrimmedTexts(parse(text, source)) as object);
  if (roots.length !== 1 || Array.isArray(roots[0])) throw malformed(source, 'has no single root element');
  return roots[0];
}

/** Trims texts and attributes at their ends, in the value itself, which nothing else holds yet. */
function withTrimmedTexts(content: unknown): unknown {
  if (typeof content === 'string') return trimmed(content);
  const fields = content as Record<string, unknown>;
  for (const name of Object.keys(fields)) {
    const field = withTrimmedTexts(fields[name]);
    // White space between elements is no text.
    if (field === '' && name === layout.textNodeName) delete fields[name];
    else fields[name] = field;
  }
  return fields;
}

/** Only what XML 1.0 section 2.3 calls white space: a no-break space is a character like any other. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhiteSpace(text.charCodeAt(start))) start++;
  while (end > start && isWhiteSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d;
}

function parse(text: string, source: MediaType): Record<string, unknown> {
  try {
    return parser.parse(text);
  } catch {
    throw malformed(
      source,
      `has an element with the name of something that every JavaScript object has, such as constructor, or more than ${maxDepth} elements in one another`,
    );
  }
}

function malformed({ text }: MediaType, fault: string): LittoralError {
  return new LittoralError('malformed-body', `The body of type ${text} ${fault}.`);
}

function encodeXml(value: unknown, target: MediaType): Uint8Array {
  refuseOtherThanUtf8(target);
  refuseBytes(value, target);
  if (!isContent(value, 1)) {
    throw new LittoralError(
      'not-convertible',
      `The payload cannot be written as ${target.text}: only text, numbers, booleans, null, and objects of these or lists of these, whose fields are named as XML names elements, at most ${maxDepth} deep.`,
    );
  }
  return Buffer.from(builder.build({ message: value }));
}

/** What an element can hold. The builder checks nothing: it would write `{ 'a b': 1 }` as `<a b>1</a b>`. */
function isContent(value: unknown, depth: number): boolean {
  if (!isRecord(value)) return isScalar(value);
  return Object.entries(value).every(([name, field]) => isField(name, field, depth));
}

function isField(name: string, value: unknown, depth: number): boolean {
  if (value === undefined) return true;
  if (name === layout.textNodeName) return isScalar(value);
  if (name.startsWith(layout.attributeNamePrefix)) return elementName.test(name.slice(1)) && isScalar(value);
  const contents = Array.isArray(value) ? value : [value];
  return depth < maxDepth && elementName.test(name) && contents.every((content) => isContent(content, depth + 1));
}

function isScalar(value: unknown): boolean {
  if (typeof value === 'string') return xmlText.test(value);
  return value === null || typeof value === 'boolean' || Number.isFinite(value);
}

// XML 1.0 section 2.3, without the characters that hardly any name has.
const elementName = /^[\p{L}_:][\p{L}\p{M}\p{N}_:.-]*$/u;
// XML 1.0 section 2.2.
const xmlText = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;
