import { XMLBuilder } from 'fast-xml-parser';
import { LittoralError } from '../errors.ts';
import { decodeText, refuseOtherThanUtf8 } from './character-encoding.ts';
import { escapeAttribute, escapeText } from './escape-xml.ts';
import { isRecord } from './is-record.ts';
import { isExactNumber } from './large-integers.ts';
import { withEntries, type XmlLists } from './list-entries.ts';
import { isValue, isXml, type MediaType } from './media-type.ts';
import type { MediaTypeConverter } from './media-type-converter.ts';
import { refuseBytes } from './refuse-bytes.ts';
import { attributePrefix, textName } from './xml-layout.ts';
import { maxXmlDepth, maxXmlFields, maxXmlNodes, readXml } from './xml-reader.ts';

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: attributePrefix,
  textNodeName: textName,
  suppressBooleanAttributes: false,
  processEntities: false,
  tagValueProcessor: (_name, value) => (typeof value === 'string' ? escapeText(value) : value),
  attributeValueProcessor: (_name, value) => escapeAttribute(String(value)),
});

/**
 * XML and every `+xml`. The root element stands for the value itself, its children are the fields, attributes fields
 * that start with `@`. A list is read from elements that repeat, and from an element that holds an `<entry>` for each
 * item; it is written in one of these forms. Written with the root `<message>`.
 *
 * All text stays text, without white space at its ends; within it stays, also around CDATA and elements. XML does not
 * tell a list of one from its item, an empty list from an absent one, nor an empty object or null from an empty text.
 */
export function xmlConverter(lists: XmlLists): MediaTypeConverter {
  const written = (value: unknown) => (lists === 'entry' ? withEntries(value, maxXmlDepth) : value);
  return {
    name: 'XML',
    losesLists: true,
    emptyObjectIs: 'text',
    listsInEntries: lists === 'entry' ? 'preferred' : 'possible',
    matches: (source, target) => (isXml(source) && isValue(target)) || (isValue(source) && isXml(target)),
    convert: (payload, source, target) =>
      isValue(source) ? encodeXml(written(payload), target) : decodeXml(payload as Uint8Array, source),
  };
}

function decodeXml(bytes: Uint8Array, source: MediaType): unknown {
  return readXml(decodeText(bytes, source), `The body of type ${source.text}`);
}

function encodeXml(value: unknown, target: MediaType): Uint8Array {
  refuseOtherThanUtf8(target);
  refuseBytes(value, target);
  const content = new XmlContent();
  if (!content.takes(value, 1)) {
    throw new LittoralError(
      'not-convertible',
      content.exceeded
        ? `The payload cannot be written as ${target.text}: it would have ${content.exceeded}.`
        : `The payload cannot be written as ${target.text}: only text, exact numbers, BigInts, booleans, null, and objects of these or lists of these, whose fields are named as XML names elements, at most ${maxXmlDepth} deep.`,
    );
  }
  return Buffer.from(builder.build({ message: value }));
}

/** What an element can hold. The builder checks nothing: it would write `{ 'a b': 1 }` as `<a b>1</a b>`. */
class XmlContent {
  /** The root is one. */
  #nodes = 1;

  #hasLargeElement = false;

  /** Returns the exceeded XML limit in words; undefined if the value was refused for another reason. */
  get exceeded(): string | undefined {
    if (this.#hasLargeElement) {
      return `an element with more than ${maxXmlFields} attributes and children of different names`;
    }
    return this.#nodes > maxXmlNodes ? `more than ${maxXmlNodes} elements and attributes` : undefined;
  }

  takes(value: unknown, depth: number): boolean {
    if (!isRecord(value)) return isScalar(value);
    const names = Object.keys(value);
    this.#hasLargeElement ||= names.length > maxXmlFields;
    return !this.#hasLargeElement && names.every((name) => this.#takesField(name, value[name], depth));
  }

  #takesField(name: string, value: unknown, depth: number): boolean {
    if (value === undefined) return true;
    if (name === textName) return isScalar(value);
    if (name.startsWith(attributePrefix)) return this.#hasRoom(1) && elementName.test(name.slice(1)) && isScalar(value);
    const contents = Array.isArray(value) ? value : [value];
    return (
      this.#hasRoom(contents.length) &&
      depth < maxXmlDepth &&
      elementName.test(name) &&
      contents.every((content) => this.takes(content, depth + 1))
    );
  }

  #hasRoom(nodes: number): boolean {
    this.#nodes += nodes;
    return this.#nodes <= maxXmlNodes;
  }
}

function isScalar(value: unknown): boolean {
  if (typeof value === 'string') return xmlText.test(value);
  if (typeof value === 'number') return isExactNumber(value);
  return value === null || typeof value === 'boolean' || typeof value === 'bigint';
}

// XML 1.0 section 2.3, without the characters that hardly any name has.
const elementName = /^[\p{L}_:][\p{L}\p{M}\p{N}_:.-]*$/u;
// XML 1.0 section 2.2.
const xmlText = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;
