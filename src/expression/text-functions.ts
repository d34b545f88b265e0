import { stringifyExactly } from '../conversion/json/write-json.ts';
import type { EvaluationBudget } from './evaluation-budget.ts';
import { runOf } from './expression-run.ts';
import { positionOf } from './find-text.ts';
import { JoinedText } from './joined-text.ts';
import { type Call, type Implementation, isJsonataFunction } from './jsonata-internals.ts';
import { exact } from './number-functions.ts';
import { targetOf } from './object-facade.ts';

// JSONata's own functions make texts of any length: with a large number from a payload, `$pad` ends the process.

/** `&`, of any number of operands. */
export function concatenate(call: Call, parts: readonly unknown[]): string {
  const { budget } = runOf(call);
  const texts: string[] = [];
  let text = '';
  for (const part of parts) {
    const more = textOf(part, budget) ?? '';
    budget.assertTextLength(text.length + more.length);
    text += more;
    texts.push(more);
  }
  budget.joinTexts(text, texts);
  return text;
}

/** `$substringBefore`. */
export function before(text: string | undefined, mark: string): string | undefined {
  const position = text === undefined ? -1 : positionOf(text, mark);
  return position === -1 ? text : text?.slice(0, position);
}

/** `$substringAfter`. */
export function after(text: string | undefined, mark: string): string | undefined {
  const position = text === undefined ? -1 : positionOf(text, mark);
  return position === -1 ? text : text?.slice(position + mark.length);
}

/** `$string`. */
export function toText(call: Call, value: unknown, prettify = false): string | undefined {
  return textOf(value, runOf(call).budget, prettify);
}

function textOf(value: unknown, budget: EvaluationBudget, prettify = false): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (isFunction(value)) return '';
  if (typeof value === 'number' && !Number.isFinite(value)) throw { code: 'D3001' };
  const indent = prettify ? 2 : 0;
  if (typeof value !== 'object' || value === null) return stringifyExactly(value, withoutNoise, indent);
  const size = new JsonSize(budget, prettify);
  size.add(value);
  // A replacement of each value takes ten times as long.
  const text = size.hasNoise ? stringifyExactly(value, withoutNoise, indent) : JSON.stringify(value, undefined, indent);
  budget.makeText(text?.length ?? 0);
  return text;
}

/**
 * Replaces values as JSONata does: no digits that only binary fractions have, and no functions. Refuses rounded
 * integers.
 */
function withoutNoise(_key: string, value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? exact(value) : Number(value.toPrecision(15));
  return isFunction(value) ? '' : value;
}

function isFunction(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? isJsonataFunction(value) : typeof value === 'function';
}

/**
 * The approximate length of the JSON of a value. A list that JSONata shares between places is written for each of them,
 * so a small value can have a huge text.
 */
class JsonSize {
  readonly #budget: EvaluationBudget;
  readonly #prettify: boolean;
  #length = 0;
  /** True if `withoutNoise` can replace a value in it. */
  hasNoise = false;

  constructor(budget: EvaluationBudget, prettify: boolean) {
    this.#budget = budget;
    this.#prettify = prettify;
  }

  add(value: unknown, depth = 0): void {
    if (typeof value === 'string') this.#grow(value.length + 2);
    else if (typeof value === 'number') this.#addNumber(value);
    else if (typeof value === 'object' && value !== null) this.#addObject(value, depth);
    else {
      this.hasNoise ||= typeof value === 'bigint' || typeof value === 'function';
      this.#grow(typeof value === 'bigint' ? String(value).length : 5);
    }
  }

  #addNumber(value: number): void {
    // So short a number has no digits that only a binary fraction has.
    this.hasNoise ||= !Number.isSafeInteger(value) && !(String(value).length <= 15 && Number.isFinite(value));
    this.#grow(5);
  }

  #addObject(value: object, depth: number): void {
    if (targetOf(value) || isFunction(value)) {
      this.hasNoise = true;
      this.#grow(5);
      return;
    }
    const margin = this.#prettify ? 2 * depth + 3 : 1;
    this.#grow(2 + margin);
    if (Array.isArray(value)) {
      this.#grow(value.length * margin);
      for (const item of value) this.add(item, depth + 1);
    } else {
      const fields = value as Readonly<Record<string, unknown>>;
      for (const key of Object.keys(fields)) {
        this.#grow(key.length + 3 + margin);
        this.add(fields[key], depth + 1);
      }
    }
  }

  #grow(length: number): void {
    this.#length += length;
    this.#budget.assertTextLength(this.#length);
  }
}

/** `$join`. */
export function join(call: Call, texts: readonly string[] | undefined, separator = ''): string | undefined {
  if (texts === undefined) return undefined;
  const length = texts.reduce((sum, text) => sum + text.length + separator.length, 0);
  runOf(call).budget.makeText(length);
  return texts.join(separator);
}

/** `$pad`. */
export function pad(call: Call, text: string | undefined, width: number, filler = ' '): string | undefined {
  if (text === undefined) return undefined;
  const missing = Math.abs(Math.trunc(width)) - countCharacters(text);
  if (!(missing > 0)) return text;
  runOf(call).budget.makeText(text.length + missing);
  const characters = Array.from(filler === '' ? ' ' : filler);
  const padding =
    characters.length === 1
      ? characters.join('').repeat(missing)
      : characters.join('').repeat(Math.floor(missing / characters.length)) +
        characters.slice(0, missing % characters.length).join('');
  return width > 0 ? text + padding : padding + text;
}

/** Counts characters. Those beyond the basic plane count as one, as everywhere in JSONata. */
function countCharacters(text: string): number {
  let count = 0;
  for (const _character of text) count += 1;
  return count;
}

/** `$trim`: also makes one space of white space between words. JSONata's regular expression takes several times as long. */
export function trim(call: Call, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const { length } = text;
  const words = new JoinedText();
  for (let end = 0; end < length; ) {
    let begin = end;
    while (begin < length && isSpace(text.charCodeAt(begin))) begin += 1;
    end = begin;
    while (end < length && !isSpace(text.charCodeAt(end))) end += 1;
    if (begin < end) words.add(words.length === 0 ? text.slice(begin, end) : ` ${text.slice(begin, end)}`);
  }
  runOf(call).budget.makeText(words.length);
  return String(words);
}

/** Space, tab, line feed and carriage return. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

const surrogate = /[\ud800-\udfff]/;

/**
 * `$substring`.
 *
 * @param standard JSONata's own, which makes a list of all characters
 */
export function substring(
  call: Call,
  [text, start, length]: readonly [text: string | undefined, start: number, length: number | undefined],
  standard: Implementation,
): unknown {
  if (text === undefined || surrogate.test(text))
    return Reflect.apply(standard, call, [text, start, length] as never[]);
  const result = substringOfUnits(text, start, length);
  runOf(call).budget.makeText(result.length);
  return result;
}

/** @param text has no character of two units */
function substringOfUnits(text: string, start: number, length: number | undefined): string {
  const from = text.length + start < 0 ? 0 : start;
  if (length === undefined) return text.slice(from);
  if (length <= 0) return '';
  return text.slice(from, (from >= 0 ? from : text.length + from) + length);
}

/** `$length`. */
export function length(text: string | undefined): number | undefined {
  return text === undefined ? undefined : countCharacters(text);
}
