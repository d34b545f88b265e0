import { LittoralError } from '../../errors.ts';
import type { XmlLists } from '../../schema/list-entries.ts';
import { assertNotBytes } from '../assert-not-bytes.ts';
import { decodeText, refuseOtherThanUtf8 } from '../character-encoding.ts';
import { isValue, isXml, type MediaType } from '../media-type.ts';
import type { MediaTypeConverter } from '../media-type-converter.ts';
import { maxXmlDepth } from './xml-limits.ts';
import { readXml } from './xml-reader.ts';
import { UnwritableXml, writeXml } from './xml-writer.ts';

/** The name of the root element. */
const root = 'message';

/**
 * Returns the converter of XML and every `+xml`. The root element represents the value itself. Its children are the
 * fields; attributes are fields that start with `@`. A list is read from repeated elements, and from an element with an
 * `<entry>` for each item; it is written in one of these forms. The root of a written document is `<message>`.
 *
 * All text stays text. White space at its ends is dropped; white space within stays, also around CDATA and elements.
 * XML does not distinguish a list of one from its item, an empty list from an absent one, or an empty object or null
 * from an empty text.
 */
export function xmlConverter(lists: XmlLists): MediaTypeConverter {
  return {
    name: 'XML',
    singleItemIsList: true,
    emptyObjectAs: 'text',
    listsInEntries: lists === 'entry' ? 'preferred' : 'possible',
    matches: (source, target) => (isXml(source) && isValue(target)) || (isValue(source) && isXml(target)),
    convert: (payload, source, target) =>
      isValue(source) ? encodeXml(payload, target, lists) : decodeXml(payload as Uint8Array, source),
  };
}

function decodeXml(bytes: Uint8Array, source: MediaType): unknown {
  return readXml(decodeText(bytes, source), `The body of type ${source.text}`);
}

function encodeXml(value: unknown, target: MediaType, lists: XmlLists): Uint8Array {
  refuseOtherThanUtf8(target);
  assertNotBytes(value, target);
  try {
    return Buffer.from(writeXml(root, value, lists));
  } catch (error) {
    if (!(error instanceof UnwritableXml)) throw error;
    throw new LittoralError(
      'not-convertible',
      error.exceeded
        ? `The payload cannot be written as ${target.text}: it would have ${error.exceeded}.`
        : `The payload cannot be written as ${target.text}: only text, exact numbers, BigInts, booleans, null, and objects of these or lists of these, whose fields are named as XML names elements, at most ${maxXmlDepth} deep.`,
    );
  }
}
