import { createRequire } from 'node:module';
import type { SaxesParser } from 'saxes';
import { LittoralError } from '../../errors.ts';
import { FieldSequences, maxFieldSequences } from '../field-sequences.ts';
import { attributePrefix, textName } from './xml-layout.ts';
import { exceededXmlLimit, maxXmlDepth, maxXmlFields, maxXmlNames, maxXmlNodes } from './xml-limits.ts';
import { withLineFeeds } from './xml-line-ends.ts';

const require = createRequire(import.meta.url);

/** Creates a parser. Its library is loaded for the first document, because many gateways never get one. */
function createParser(): SaxesParser {
  const saxes: typeof import('saxes') = require('saxes');
  return new saxes.SaxesParser();
}

/** An element that is not closed yet. */
interface OpenElement {
  readonly name: string;
  /** Undefined as long as the element contains only text. */
  fields: Record<string, unknown> | undefined;
  /** The number of fields. */
  size: number;
  text: string;
}

/**
 * Reads an XML document in one pass, and stops at the first issue and at the first limit. The root element stands for
 * the value.
 *
 * @param describe names the document in errors, such as `The body of type application/xml`
 * @throws LittoralError `malformed-body`, with no part of the document in it
 */
export function readXml(text: string, describe: string): unknown {
  return new XmlReader(describe).read(text);
}

class XmlReader {
  readonly #describe: string;
  readonly #parser = createParser();
  readonly #open: OpenElement[] = [];
  readonly #names = new Set<string>();
  readonly #sequences = new FieldSequences();
  #nodes = 0;
  #root: unknown;

  constructor(describe: string) {
    this.#describe = describe;
    const parser = this.#parser;
    parser.on('doctype', () => {
      throw this.#documentType();
    });
    parser.on('opentagstart', ({ name }) => this.#openElement(name));
    parser.on('attribute', ({ name, value }) => this.#addAttribute(name, value));
    const addText = (text: string) => {
      const element = this.#open.at(-1);
      if (element) element.text += text;
    };
    parser.on('text', addText);
    parser.on('cdata', addText);
    parser.on('closetag', () => this.#closeElement());
  }

  read(document: string): unknown {
    const text = withLineFeeds(document);
    const exceeded = exceededXmlLimit(text);
    if (exceeded) throw this.#malformed(`has ${exceeded}`);
    // The message of the parser quotes the names of elements. An error must not contain a part of a payload.
    this.#parser.on('error', () => {
      // For the parser a document type in lower case is none, but its author meant one.
      if (this.#nodes === 0 && /<!doctype/i.test(text)) throw this.#documentType();
      throw this.#malformed(`is not XML: a syntax error in ${placeOf(text, this.#parser.position)}`);
    });
    this.#parser.write(text).close();
    return this.#root;
  }

  #openElement(name: string): void {
    this.#countNode();
    if (this.#open.length === maxXmlDepth) {
      throw this.#malformed(`has more than ${maxXmlDepth} nested elements`);
    }
    if (isRefusedName(name)) {
      throw this.#malformed(
        'has an element with the name of something that every JavaScript object has, such as constructor',
      );
    }
    // The name of the root element is not part of the value.
    if (this.#open.length > 0) this.#countName(name);
    this.#open.push({ name, fields: undefined, size: 0, text: '' });
  }

  #addAttribute(name: string, value: string): void {
    this.#countNode();
    this.#countName(name);
    this.#addField(this.#open.at(-1) as OpenElement, `${attributePrefix}${name}`, trimmed(value));
  }

  /** Adds a child. A repeated child becomes a list. */
  #addChild(element: OpenElement, name: string, value: unknown): void {
    const earlier = element.fields?.[name];
    if (earlier === undefined) this.#addField(element, name, value);
    else if (Array.isArray(earlier)) earlier.push(value);
    else (element.fields as Record<string, unknown>)[name] = [earlier, value];
  }

  #addField(element: OpenElement, name: string, value: unknown): void {
    if (++element.size > maxXmlFields) {
      throw this.#malformed(`has an element with more than ${maxXmlFields} attributes and children of different names`);
    }
    element.fields ??= {};
    element.fields[name] = value;
  }

  #closeElement(): void {
    const { name, fields, text } = this.#open.pop() as OpenElement;
    const content = trimmed(text);
    // White space between elements is no text.
    if (fields && content !== '') fields[textName] = content;
    if (fields && this.#sequences.isExceededBy(Object.keys(fields))) {
      throw this.#malformed(`has more than ${maxFieldSequences} different sequences of attributes and children`);
    }
    const value = fields ?? content;
    const parent = this.#open.at(-1);
    if (parent) this.#addChild(parent, name, value);
    else this.#root = value;
  }

  #countNode(): void {
    if (++this.#nodes > maxXmlNodes) {
      throw this.#malformed(`has more than ${maxXmlNodes} elements and attributes`);
    }
  }

  #countName(name: string): void {
    if (this.#names.add(name).size > maxXmlNames) {
      throw this.#malformed(`has more than ${maxXmlNames} different names of elements and attributes`);
    }
  }

  /** Refuses a document type, which can define entities that grow without end or refer to files. */
  #documentType(): LittoralError {
    return this.#malformed('has a document type, which is refused');
  }

  #malformed(issue: string): LittoralError {
    return new LittoralError('malformed-body', `${this.#describe} ${issue}.`);
  }
}

/**
 * Describes the line and the column of an issue: the beginning of its tag, or else its own place.
 *
 * @param end the position at which the parser stopped
 */
function placeOf(text: string, end: number): string {
  const tag = text.lastIndexOf('<', end - 1);
  const isInTag = tag !== -1 && !text.slice(tag, end - 1).includes('>');
  const place = isInTag ? tag : Math.max(end - 1, 0);
  let line = 1;
  let lineStart = 0;
  for (let next = text.indexOf('\n') + 1; next > 0 && next <= place; next = text.indexOf('\n', next) + 1) {
    line++;
    lineStart = next;
  }
  return `line ${line}, column ${place - lineStart + 1}`;
}

/** Returns whether a name is refused, because its value could be taken for an inherited property. */
function isRefusedName(name: string): boolean {
  return name in Object.prototype || name === 'prototype';
}

/** Removes the white space of XML 1.0 section 2.3 at both ends. A no-break space is no white space there. */
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
