import { randomUUID } from 'node:crypto';
import type { Fault } from '../errors.ts';
import { escaped } from './fault-search.ts';
import { withLargeIntegers } from './large-integers.ts';
import { integerOf, isIntegerText, saysTheSame } from './read-number.ts';

// What can be an integer beyond 2^53, or beyond all numbers: it has 16 digits before its point, or an exponent that is not
// negative. One of these within a text costs a closer look, and no more.
const suspicious = /[:,[\s]-?(?:\d{16}|\d[\d.]*[eE][+\d])/;
const textOrSuspicious = /"|(?<![\d.eE+-])-?(?:\d{16}\d*(?:\.\d+)?(?:[eE][+-]?\d+)?|\d+(?:\.\d+)?[eE]\+?\d+)/g;

/** BigInt takes time that grows faster than the digits: a number of a megabyte would block the process. */
const maxDigits = 10_000;
const maxFaults = 50;
const maxPathLength = 200;

/** What `parseJson` throws for numbers that nothing in JavaScript stands for. */
export class UnreadableNumbers extends Error {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super('numbers that cannot be read');
    this.faults = faults;
  }
}

/**
 * Parses JSON as `JSON.parse` does, but for numbers. An integer beyond 2^53 becomes a BigInt. What has a fraction or an
 * exponent becomes the nearest number, unless it is an integer beyond 2^53 of more digits than a number has.
 *
 * @returns the value, for which `holdsLargeIntegers` is true when there is a BigInt in it
 * @throws SyntaxError; UnreadableNumbers for those beyond 1.8e308, and for integers of more than 10,000 digits
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // What is a number as a whole has no sign before it.
  return typeof value === 'number' || suspicious.test(text) ? exactly(text, value) : value;
}

/** What stands in the place of a number: a BigInt, or what is wrong with it. */
type Exact = bigint | string;

/** @param value what `JSON.parse` made of the text */
function exactly(text: string, value: unknown): unknown {
  const found: Exact[] = [];
  // No sender can guess it, so no text in the JSON is taken for a mark.
  const mark = randomUUID();
  const parts: string[] = [];
  let end = 0;
  for (const { index, literal } of suspiciousNumbers(text)) {
    const exact = exactOf(literal);
    if (exact === undefined) continue;
    parts.push(text.slice(end, index), `"${mark}${found.length}"`);
    found.push(exact);
    end = index + literal.length;
  }
  if (found.length === 0) return value;
  parts.push(text.slice(end));
  return restored(JSON.parse(parts.join('')), mark, found);
}

function* suspiciousNumbers(text: string): Generator<{ index: number; literal: string }> {
  let at = 0;
  for (;;) {
    textOrSuspicious.lastIndex = at;
    const match = textOrSuspicious.exec(text);
    if (match === null) return;
    const [literal] = match;
    at = literal === '"' ? endOfText(text, match.index + 1) : match.index + literal.length;
    if (literal !== '"') yield { index: match.index, literal };
  }
}

/** @param start behind the opening quote */
function endOfText(json: string, start: number): number {
  let quote = json.indexOf('"', start);
  while (isEscaped(json, quote)) quote = json.indexOf('"', quote + 1);
  return quote + 1;
}

function isEscaped(json: string, index: number): boolean {
  let first = index;
  while (json[first - 1] === '\\') first--;
  return (index - first) % 2 === 1;
}

/** @returns undefined where the nearest number will do */
function exactOf(literal: string): Exact | undefined {
  const value = Number(literal);
  if (isIntegerText(literal)) {
    if (Number.isSafeInteger(value)) return undefined;
    return literal.length > maxDigits ? `has more than ${maxDigits} digits` : BigInt(literal);
  }
  if (!Number.isFinite(value)) return 'is too large for a number';
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER || saysTheSame(value, literal) ? undefined : integerOf(literal);
}

/** An array or an object on the way, and its key in the one that it stands in. */
interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
  readonly outer: Place | undefined;
}

/** Puts the numbers into the places of their marks, in the value itself, which nothing else holds yet. */
function restored(value: unknown, mark: string, found: readonly Exact[]): unknown {
  const faults: Fault[] = [];
  const root: Place = { holder: { '': value }, key: '', outer: undefined };
  const open = [root];
  // No recursion: JSON.parse goes deeper than the stack.
  for (let place = open.pop(); place; place = open.pop()) {
    const { holder } = place;
    for (const key of Object.keys(holder)) {
      const inner = holder[key];
      if (typeof inner === 'object' && inner !== null) {
        open.push({ holder: inner as Record<string, unknown>, key, outer: place });
      } else if (typeof inner === 'string' && inner.startsWith(mark)) {
        const exact = found[Number(inner.slice(mark.length))] as Exact;
        // An own field, also where it is called `__proto__`.
        if (typeof exact === 'bigint') holder[key] = exact;
        else if (faults.length < maxFaults) faults.push({ path: pathOf(place, key), message: exact });
      }
    }
  }
  if (faults.length > 0) throw new UnreadableNumbers(faults);
  return withLargeIntegers(root.holder['']);
}

function pathOf(place: Place, key: string): string {
  let path = '';
  let last = key;
  for (let at: Place | undefined = place; at.outer; at = at.outer) {
    path = `/${escaped(last)}${path}`;
    last = at.key;
  }
  return path.length > maxPathLength ? `${path.slice(0, maxPathLength)}…` : path;
}
