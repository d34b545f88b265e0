import { isPromiseLike } from '../promise/maybe-promise.ts';
import type { EvaluationBudget } from './evaluation-budget.ts';
import { ExpressionError } from './expression-error.ts';
import { runOf } from './expression-run.ts';
import { positionOf, shortLength, splitAt } from './find-text.ts';
import { JoinedText } from './joined-text.ts';
import { type Call, type Callback, callBack, type Sequence } from './jsonata-internals.ts';

// These replace JSONata's own, which are not bounded, check no time limit, and block the event loop.

/** A match that a regular expression, or a function in its place, returns. */
interface Found {
  readonly match: string;
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | undefined)[];
  readonly next: Callback;
}

type Pattern = string | Callback;

/** `$contains`. */
export async function contains(
  call: Call,
  text: string | undefined,
  pattern: Pattern | undefined,
): Promise<boolean | undefined> {
  if (text === undefined || pattern === undefined) return undefined;
  if (typeof pattern === 'string') return positionOf(text, pattern) !== -1;
  return assertMatch(await callBack(call, pattern, [text])) !== undefined;
}

/** `$match`. */
export async function match(
  call: Call,
  text: string | undefined,
  pattern: Pattern,
  limit?: number,
): Promise<Sequence | undefined> {
  if (text === undefined) return undefined;
  const result = call.createSequence();
  await eachMatch(call, text, pattern, { limit, code: 'D3040' }, ({ match, start, groups }) => {
    runOf(call).budget.makeList(1 + groups.length);
    result.push({ match, index: start, groups });
  });
  return result;
}

/** `$split`. */
export async function split(
  call: Call,
  text: string | undefined,
  separator: Pattern,
  limit?: number,
): Promise<readonly string[] | undefined> {
  if (text === undefined) return undefined;
  const { budget } = runOf(call);
  if (typeof separator === 'string') return splitAtText(budget, text, separator, limit);
  const parts: string[] = [];
  let start = 0;
  await eachMatch(call, text, separator, { limit, code: 'D3020' }, (separated) => {
    budget.makeList(1);
    parts.push(text.slice(start, separated.start));
    start = separated.end;
  });
  if (limit === undefined || parts.length < limit) parts.push(text.slice(start));
  budget.makeList(1);
  return parts;
}

function splitAtText(budget: EvaluationBudget, text: string, separator: string, limit = Infinity): readonly string[] {
  if (limit < 0) throw { code: 'D3020' };
  const parts = splitAt(text, separator, Math.min(limit, budget.maxSequenceLength + 1));
  budget.makeList(parts.length);
  return parts;
}

/** `$replace`. */
export async function replace(
  call: Call,
  text: string | undefined,
  pattern: Pattern,
  replacement: Pattern,
  limit?: number,
): Promise<string | undefined> {
  if (text === undefined) return undefined;
  if (pattern === '') throw { code: 'D3010' };
  const { budget } = runOf(call);
  if (typeof pattern === 'string' && typeof replacement === 'string' && limit === undefined) {
    return pattern.length > shortLength
      ? replaceLongText(budget, text, pattern, replacement)
      : await replaceShortText(call, text, pattern, replacement);
  }
  const result = new JoinedText();
  let position = 0;
  await eachMatch(call, text, pattern, { limit, code: 'D3011' }, async (replaced) => {
    const by =
      typeof replacement === 'string'
        ? substitute(budget, replacement, replaced, pattern)
        : await callBack(call, replacement, [replaced]);
    if (typeof by !== 'string') throw { code: 'D3012' };
    budget.assertTextLength(result.length + by.length + text.length - position);
    result.add(text.slice(position, replaced.start));
    result.add(by);
    position = replaced.start + replaced.match.length;
  });
  result.add(text.slice(position));
  budget.makeText(result.length);
  return String(result);
}

/** Replaces a text that can occur at each character. */
async function replaceShortText(call: Call, text: string, wanted: string, replacement: string): Promise<string> {
  const run = runOf(call);
  const pauses = run.itemPauses();
  const result = new JoinedText();
  let position = 0;
  for (let found = text.indexOf(wanted); found !== -1; found = text.indexOf(wanted, position)) {
    run.budget.assertTextLength(result.length + found - position + replacement.length);
    if (found > position) result.add(text.slice(position, found));
    if (replacement !== '') result.add(replacement);
    position = found + wanted.length;
    const pause = pauses();
    if (pause) await pause;
  }
  run.budget.assertTextLength(result.length + text.length - position);
  result.add(text.slice(position));
  run.budget.makeText(result.length);
  return String(result);
}

function replaceLongText(budget: EvaluationBudget, text: string, wanted: string, replacement: string): string {
  const parts = splitAt(text, wanted, Number.MAX_SAFE_INTEGER);
  budget.makeText(text.length + (parts.length - 1) * (replacement.length - wanted.length));
  return parts.join(replacement);
}

/** Visits up to `limit` matches one after the other. @param code JSONata's error code for a negative limit */
async function eachMatch(
  call: Call,
  text: string,
  pattern: Pattern,
  { limit, code }: { readonly limit: number | undefined; readonly code: string },
  visit: (found: Found) => void | Promise<void>,
): Promise<void> {
  if (limit !== undefined && limit < 0) throw { code };
  const most = limit ?? Number.POSITIVE_INFINITY;
  if (!(most > 0)) return;
  const run = runOf(call);
  let next =
    typeof pattern === 'string' ? findText(text, pattern, 0) : assertMatch(await callBack(call, pattern, [text]));
  for (let count = 1; next !== undefined; count++) {
    const visited = visit(next);
    if (visited) await visited;
    if (count >= most) return;
    const pause = run.pause();
    if (pause) await pause;
    const result = callBack(call, next.next, []);
    next = assertMatch(isPromiseLike(result) ? await result : result);
  }
}

function findText(text: string, wanted: string, from: number): Found | undefined {
  const start = positionOf(text, wanted, from);
  if (start === -1) return undefined;
  const end = start + wanted.length;
  return { match: wanted, start, end, groups: [], next: () => findText(text, wanted, end) };
}

/**
 * @throws a code of JSONata if a function in the place of a regular expression returns no match object
 */
function assertMatch(result: unknown): Found | undefined {
  const match = result as Found | undefined;
  if (!match) return undefined;
  if (typeof match.start !== 'number' || !Array.isArray(match.groups)) throw { code: 'T1010' };
  if (match.next === undefined) throw new ExpressionError('a match has no function next()');
  return match;
}

/** Replaces `$0`, `$1` and so on in a replacement by the matched texts, as JSONata does. */
function substitute(budget: EvaluationBudget, replacement: string, { match, groups }: Found, pattern: Pattern): string {
  if (typeof pattern === 'string' || !replacement.includes('$')) return replacement;
  const longest = Math.max(match.length, ...groups.map((group) => group?.length ?? 0));
  budget.assertTextLength(replacement.length + (replacement.split('$').length - 1) * longest);
  const maxDigits = groups.length === 0 ? 1 : Math.floor(Math.log10(groups.length)) + 1;
  return replacement.replace(/\$(\$|\d+|)/g, (whole, mark: string) => {
    if (mark === '$') return '$';
    if (mark === '') return whole;
    if (mark.startsWith('0')) return match + mark.slice(1);
    let digits = mark.slice(0, maxDigits);
    if (digits.length > 1 && Number(digits) > groups.length) digits = digits.slice(0, -1);
    return (groups[Number(digits) - 1] ?? '') + mark.slice(digits.length);
  });
}
