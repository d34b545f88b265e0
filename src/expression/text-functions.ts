import { stringifyExactly } from '../conversion/json/write-json.ts';
import type { EvaluationBudget } from './evaluation-budget.ts';
import { runOf } from './expression-run.ts';
import type { Call, Implementation } from './jsonata-internals.ts';
import { exact } from './number-functions.ts';
import { targetOf } from './object-facade.ts';

// JSONata's own functions make texts of any length: with a large number from a payload, `$pad` ends the process.

/** `&`, of any number of operands. */
export function concatenate(call: Call, parts: readonly unknown[]): string {
  const { budget } = runOf(call);
  let text = '';
  for (const part of parts) {
    const more = textOf(part, budget) ?? '';
    budget.assertTextLength(text.length + more.length);
    text += more;
  }
  return text;
}

/** `$string`. */
export function toText(call: Call, value: unknown, prettify = false): string | undefined {
  return textOf(value, runOf(call).budget, prettify);
}

function textOf(value: unknown, budget: EvaluationBudget, prettify = false): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (isFunction(value)) return '';
  if (typeof value === 'number' && !Number.isFinite(value)) throw { code: 'D3001' };
  if (typeof value === 'object' && value !== null) budget.assertTextLength(jsonLength(value, budget, prettify));
  const text = stringifyExactly(value, withoutNoise, prettify ? 2 : 0);
  if (typeof value === 'object') budget.makeText(text?.length ?? 0);
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
  if (typeof value !== 'object' || value === null) return typeof value === 'function';
  return '_jsonata_lambda' in value || '_jsonata_function' in value;
}

/**
 * Returns the approximate length of the JSON of a value. A list that JSONata shares between places is written for each
 * of them, so a small value can have a huge text.
 */
function jsonLength(value: unknown, budget: EvaluationBudget, prettify: boolean, depth = 0): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value === 'bigint') return String(value).length;
  if (typeof value !== 'object' || value === null || targetOf(value) || isFunction(value)) return 5;
  const margin = prettify ? 2 * depth + 3 : 1;
  let length = 2 + margin;
  const add = (name: number, field: unknown) => {
    length += name + margin + jsonLength(field, budget, prettify, depth + 1);
    budget.assertTextLength(length);
  };
  if (Array.isArray(value)) for (const item of value) add(0, item);
  else for (const [key, field] of Object.entries(value)) add(key.length + 3, field);
  return length;
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
