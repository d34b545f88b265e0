import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import { LittoralError, messageOf } from '../errors.ts';
import { decodeText } from './character-encoding.ts';
import { isValue, isXml, type MediaType } from './media-type.ts';
import type { MediaTypeConverter } from './media-type-converter.ts';

const layout = { ignoreAttributes: false, attributeNamePrefix: '@', textNodeName: '#text' } as const;

// Text stays text: "007" and "1e3" are the sender's, and what they mean is for the handler's type to say.
const parser = new XMLParser({
  ...layout,
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
});
const builder = new XMLBuilder({ ...layout, suppressBooleanAttributes: false });

/**
 * XML and every `+xml`. The root element stands for the value itself, its children are the fields, repeated ones a
 * list, attributes fields that start with `@`. All text stays text. Written with the root `<message>`.
 */
export const xmlConverter: MediaTypeConverter = {
  name: 'XML',
  matches: (source, target) => (isXml(source) && isValue(target)) || (isValue(source) && isXml(target)),
  convert: (payload, source, target) =>
    isValue(source) ? encodeXml(payload, target) : decodeXml(payload as Uint8Array, source),
};

function decodeXml(bytes: Uint8Array, source: MediaType): unknown {
  const text = decodeText(bytes, source);
  // A document type can define entities that grow without end or point at files; messages have no use for one.
  if (/<!DOCTYPE/i.test(text)) {
    throw new LittoralError('malformed-body', `The body of type ${source.text} has a document type, which is refused.`);
  }
  let document: unknown;
  try {
    document = parser.parse(text, true);
  } catch (cause) {
    throw new LittoralError('malformed-body', `The body of type ${source.text} is not XML: ${messageOf(cause)}`);
  }
  const roots = Object.values(document as Record<string, unknown>);
  if (roots.length !== 1) {
    throw new LittoralError('malformed-body', `The body of type ${source.text} has no single root element.`);
  }
  return roots[0];
}

function encodeXml(value: unknown, target: MediaType): Uint8Array {
  if (value instanceof Uint8Array || Array.isArray(value) || value === undefined) {
    throw new LittoralError('not-convertible', `Only an object or a scalar can be written as ${target.text}.`);
  }
  return Buffer.from(builder.build({ message: value }));
}
