import { randomBytes } from 'node:crypto';
import type { Issue } from '../../errors.ts';
import { maxIssues, maxPathLength } from '../../schema/issue-collector.ts';
import { withLargeIntegers } from '../../schema/large-integers.ts';
import { integerOf, isIntegerText, saysTheSame } from '../../schema/read-number.ts';
import { escapePointer } from '../../text/json-pointer.ts';
import { shorten } from '../../text/shorten.ts';

// Matches a number that can be an integer beyond 2^53 or beyond all doubles: it has 16 digits before its point, or an
// exponent that is not negative. A match inside a string costs a second check, and nothing else.
const suspicious = /[:,[\s]-?(?:\d{16}|\d[\d.]*[eE][+\d])/;
const suspiciousPart = /"|(?<![\d.eE+-])-?(?:\d{16}\d*(?:\.\d+)?(?:[eE][+-]?\d+)?|\d+(?:\.\d+)?[eE]\+?\d+)/g;

/** BigInt takes time that grows faster than the digits: a number of a megabyte would block the process. */
const maxDigits = 10_000;

/** The error of `parseJson` for numbers that JavaScript cannot represent. */
export class UnreadableNumbers extends Error {
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    super('numbers that cannot be read');
    this.issues = issues;
  }
}

/**
 * Parses JSON as `JSON.parse` does, except for numbers. An integer beyond 2^53 becomes a BigInt. A number with a
 * fraction or an exponent becomes the nearest number, unless it is an integer beyond 2^53 with more digits than a
 * number has.
 *
 * @returns the value, for which `holdsLargeIntegers` is true if it contains a BigInt
 * @throws SyntaxError; UnreadableNumbers for those beyond 1.8e308, and for integers of more than 10,000 digits
 */
export function parseJson(text: string): unknown {
  return withExactNumbers(text, JSON.parse(text));
}

/**
 * Returns the value that `parseJson` would return, without parsing the text again.
 *
 * @param text its JSON
 * @param value the result of `JSON.parse`
 * @throws UnreadableNumbers as `parseJson`
 */
export function withExactNumbers(text: string, value: unknown): unknown {
  // A JSON text that is only a number has no punctuation before it.
  return typeof value === 'number' || suspicious.test(text) ? exactly(text, value) : value;
}

/** @param value the result of `JSON.parse` */
function exactly(text: string, value: unknown): unknown {
  // A sender cannot guess the mark, so no text in the JSON is mistaken for a marked number.
  const mark = randomBytes(12).toString('base64');
  // The numbers by the index behind their mark: a BigInt, or the reason why there is none.
  const exacts: (bigint | string)[] = [];
  // Concatenates strings, because joining a list of parts takes four times as long for many numbers.
  let marked = '';
  let end = 0;
  let at = 0;
  for (let issues = 0; issues < maxIssues; ) {
    suspiciousPart.lastIndex = at;
    const match = suspiciousPart.exec(text);
    if (match === null) break;
    const { 0: literal, index } = match;
    if (literal === '"') {
      at = endOfText(text, index + 1);
      continue;
    }
    at = index + literal.length;
    const exact = exactOf(literal);
    if (exact === undefined) continue;
    if (typeof exact === 'string') issues += 1;
    marked += `${text.slice(end, index)}"${mark}${exacts.length}"`;
    exacts.push(exact);
    end = at;
  }
  if (marked === '') return value;
  const holder: Container = { '': JSON.parse(marked + text.slice(end)) };
  const issues = exacts.some((exact) => typeof exact === 'string') ? issuesIn(holder, mark, exacts) : [];
  if (issues.length > 0) throw new UnreadableNumbers(issues);
  restore(holder, mark, exacts);
  return withLargeIntegers(holder['']);
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

/**
 * Returns the exact value of a number literal: a BigInt, or as text the reason why there is none.
 *
 * @returns undefined if the nearest number is good enough
 */
function exactOf(literal: string): bigint | string | undefined {
  const value = Number(literal);
  if (isIntegerText(literal)) {
    if (Number.isSafeInteger(value)) return undefined;
    return literal.length > maxDigits ? `has more than ${maxDigits} digits` : BigInt(literal);
  }
  if (!Number.isFinite(value)) return 'is too large for a number';
  if (hasFewDigits(literal)) return undefined;
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER || saysTheSame(value, literal) ? undefined : integerOf(literal);
}

/**
 * Returns whether a number with an exponent has so few digits that the nearest number has the same ones. A document can
 * hold a hundred thousand of them, and computing each integer in full would block the process.
 */
function hasFewDigits(literal: string): boolean {
  const exponent = literal.search(/[eE]/);
  return exponent !== -1 && exponent <= 15;
}

/** An array or an object, accessed by its keys. */
type Container = Record<string | number, unknown>;

/** Replaces each mark by its number. Changes the value in place, because no other code refers to it yet. */
function restore(root: Container, mark: string, exacts: readonly unknown[]): void {
  const open: Container[] = [root];
  // This uses no recursion, because JSON.parse accepts a deeper nesting than the stack allows.
  const visit = (container: Container, key: string | number) => {
    const inner = container[key];
    if (typeof inner === 'object' && inner !== null) open.push(inner as Container);
    // Replaces an own field, even one with the name `__proto__`.
    else if (isMarked(inner, mark)) container[key] = exacts[numberOf(inner, mark)];
  };
  for (let container = open.pop(); container; container = open.pop()) {
    if (Array.isArray(container)) for (let index = 0; index < container.length; index++) visit(container, index);
    else for (const key of Object.keys(container)) visit(container, key);
  }
}

function isMarked(value: unknown, mark: string): value is string {
  return typeof value === 'string' && value.startsWith(mark);
}

function numberOf(marked: string, mark: string): number {
  return Number(marked.slice(mark.length));
}

/** A container on the way, and its key in its parent. */
interface Place {
  readonly holder: Container;
  readonly key: string | number;
  readonly outer: Place | undefined;
}

/** Returns the places of the numbers that cannot be read. */
function issuesIn(root: Container, mark: string, exacts: readonly unknown[]): Issue[] {
  const issues: Issue[] = [];
  const open: Place[] = [{ holder: root, key: '', outer: undefined }];
  const visit = (place: Place, key: string | number) => {
    const inner = place.holder[key];
    if (typeof inner === 'object' && inner !== null) open.push({ holder: inner as Container, key, outer: place });
    if (!isMarked(inner, mark)) return;
    const exact = exacts[numberOf(inner, mark)];
    if (typeof exact === 'string') issues.push({ path: pathOf(place, key), message: exact });
  };
  for (let place = open.pop(); place; place = open.pop()) {
    const { holder } = place;
    if (Array.isArray(holder)) for (let index = 0; index < holder.length; index++) visit(place, index);
    else for (const key of Object.keys(holder)) visit(place, key);
  }
  return issues;
}

function pathOf(place: Place, key: string | number): string {
  let path = '';
  let last = key;
  for (let at: Place | undefined = place; at.outer; at = at.outer) {
    path = `/${escapePointer(last)}${path}`;
    last = at.key;
  }
  return shorten(path, maxPathLength);
}
