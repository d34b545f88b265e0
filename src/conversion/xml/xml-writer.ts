import { isRecord } from '../../schema/is-record.ts';
import { isExactNumber } from '../../schema/large-integers.ts';
import { entryName, type XmlLists } from '../../schema/list-entries.ts';
import { escapeAttribute, escapeText } from './escape-xml.ts';
import { attributePrefix, textName } from './xml-layout.ts';
import { maxXmlDepth, maxXmlFields, maxXmlNames, maxXmlNodes } from './xml-limits.ts';

/** The reason why a value cannot be written as XML. */
export class UnwritableXml extends Error {
  /** The exceeded limit, such as `more than 100 elements`; undefined where a part of the value has no form in XML. */
  readonly exceeded: string | undefined;

  constructor(exceeded?: string) {
    super('cannot be written as XML');
    this.exceeded = exceeded;
  }
}

/**
 * Writes a value as the content of an element. Checks and writes in one pass, so that a large value costs its size
 * once.
 *
 * @param root the name of the element
 * @throws UnwritableXml
 */
export function writeXml(root: string, value: unknown, lists: XmlLists): string {
  return new XmlWriter(lists).element(root, value, 1);
}

class XmlWriter {
  readonly #inEntries: boolean;
  /** The names that were checked, because thousands of elements have the same few. */
  readonly #names = new Set<string>();
  /** The number of elements and attributes. The root is one. */
  #nodes = 1;

  constructor(lists: XmlLists) {
    this.#inEntries = lists === 'entry';
  }

  element(name: string, value: unknown, depth: number): string {
    if (value === null) return `<${name}/>`;
    if (this.#inEntries && Array.isArray(value)) return `<${name}>${this.#list(entryName, value, depth)}</${name}>`;
    if (!isRecord(value)) return `<${name}>${escapeText(scalarText(value))}</${name}>`;
    const names = Object.keys(value);
    if (names.length > maxXmlFields) {
      throw new UnwritableXml(`an element with more than ${maxXmlFields} attributes and children of different names`);
    }
    let attributes = '';
    let content = '';
    for (const field of names) {
      const inner = value[field];
      if (inner === undefined) continue;
      if (field === textName) content += inner === null ? '' : escapeText(scalarText(inner));
      else if (field.startsWith(attributePrefix)) attributes += this.#attribute(field.slice(1), inner);
      else if (Array.isArray(inner) && !this.#inEntries) content += this.#list(field, inner, depth);
      else content += this.#child(field, inner, depth);
    }
    return `<${name}${attributes}>${content}</${name}>`;
  }

  #attribute(name: string, value: unknown): string {
    this.#count(1);
    this.#assertName(name);
    return value === null ? '' : ` ${name}="${escapeAttribute(scalarText(value))}"`;
  }

  #child(name: string, value: unknown, depth: number): string {
    this.#count(1);
    this.#assertName(name);
    if (depth >= maxXmlDepth) throw new UnwritableXml();
    return this.element(name, value, depth + 1);
  }

  /** Writes one element for each item. */
  #list(name: string, items: readonly unknown[], depth: number): string {
    this.#count(items.length);
    this.#assertName(name);
    if (depth >= maxXmlDepth) throw new UnwritableXml();
    let text = '';
    // The loop also visits the holes of a list, which have no form in XML.
    for (let index = 0; index < items.length; index++) text += this.element(name, items[index], depth + 1);
    return text;
  }

  #assertName(name: string): void {
    if (this.#names.has(name)) return;
    if (!elementName.test(name)) throw new UnwritableXml();
    this.#names.add(name);
    if (this.#names.size > maxXmlNames) throw new UnwritableXml(`more than ${maxXmlNames} different names`);
  }

  #count(nodes: number): void {
    this.#nodes += nodes;
    if (this.#nodes > maxXmlNodes) throw new UnwritableXml(`more than ${maxXmlNodes} elements and attributes`);
  }
}

function scalarText(value: unknown): string {
  if (typeof value === 'string' && !forbidden.test(value) && value.isWellFormed()) return value;
  // `String` would drop the sign of -0.
  if (typeof value === 'number' && isExactNumber(value)) return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  throw new UnwritableXml();
}

// The names of XML 1.0 section 2.3, without the characters that are rare in names.
const elementName = /^[\p{L}_:][\p{L}\p{M}\p{N}_:.-]*$/u;
// The characters that XML 1.0 section 2.2 excludes, except lone surrogates.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that XML does not have
const forbidden = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;
