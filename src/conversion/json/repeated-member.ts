import { maxPathLength } from '../../schema/issue-collector.ts';
import { escapePointer } from '../../text/json-pointer.ts';
import { shorten } from '../../text/shorten.ts';

/** The issue of a member whose name occurs a second time in its object. `JSON.parse` would drop the first one. */
export const occursTwice = 'occurs twice';

const quote = 0x22;
const backslash = 0x5c;
const openingBracket = 0x5b;
const closingBracket = 0x5d;
const openingBrace = 0x7b;
const closingBrace = 0x7d;
const colon = 0x3a;
const comma = 0x2c;

/** An object or a list that has not ended. */
interface Open {
  /** The names so far. Undefined for an object without names so far, and for a list. */
  names: Set<string> | undefined;
  /** The name or the index of the current value. */
  key: string | number;
}

/**
 * Finds a member that occurs a second time in its object, at any depth.
 *
 * @param json valid JSON
 * @returns a JSON Pointer to the first such member; undefined if there is none
 */
export function repeatedMember(json: string): string | undefined {
  // This uses no recursion, because JSON.parse accepts a deeper nesting than the stack allows.
  const open: Open[] = [];
  let textStart = 0;
  let textEnd = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === quote) {
      textStart = at;
      textEnd = behindText(json, at);
      at = textEnd - 1;
    } else if (code === openingBrace || code === openingBracket) {
      open.push({ names: undefined, key: 0 });
    } else if (code === closingBrace || code === closingBracket) {
      open.pop();
    } else if (code === comma) {
      const inner = open.at(-1);
      if (typeof inner?.key === 'number') inner.key += 1;
    } else if (code === colon) {
      const inner = open.at(-1) as Open;
      inner.key = textOf(json.slice(textStart, textEnd));
      inner.names ??= new Set();
      if (inner.names.has(inner.key)) return pathOf(open);
      inner.names.add(inner.key);
    }
  }
  return undefined;
}

/** @param start the position of the opening quote @returns the position behind the closing one */
function behindText(json: string, start: number): number {
  let at = start + 1;
  for (let code = json.charCodeAt(at); code !== quote; code = json.charCodeAt(at)) at += code === backslash ? 2 : 1;
  return at + 1;
}

/** @param written a text with its quotes */
function textOf(written: string): string {
  return written.includes('\\') ? (JSON.parse(written) as string) : written.slice(1, -1);
}

function pathOf(open: readonly Open[]): string {
  return shorten(open.map(({ key }) => `/${escapePointer(key)}`).join(''), maxPathLength);
}
