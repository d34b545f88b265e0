import { LittoralError } from '../errors.ts';
import { Header } from '../message/message-headers.ts';
import { prepareExpression } from '../parameter/expression.ts';
import type { ExpressionScope } from '../parameter/expression-scope.ts';
import { cannotResolve, type Invocation, type ParameterSite } from '../parameter/parameter-converter.ts';
import { isPromiseLike } from '../promise/maybe-promise.ts';
import { describeValue } from '../text/describe-value.ts';

/** The key that two copies of a message have in common. A number equals its text. Null or undefined: no copies. */
export type DeduplicationKey = string | number | bigint | null | undefined;

/** The deduplication of a handler: on or off, or the key of a message as an expression or a function. */
export type Deduplicate = boolean | string | ((scope: ExpressionScope) => DeduplicationKey | Promise<DeduplicationKey>);

/**
 * Returns the key of a message; undefined if its copies cannot be recognised.
 *
 * @throws LittoralError `expression-failed`, or the error of the author's function
 */
export type KeyOfInvocation = (invocation: Invocation) => string | undefined | Promise<string | undefined>;

const maxKeyLength = 255;

/** Returns whether a value is a key that every store can keep, in bounded memory. */
function isKey(key: unknown): key is string {
  return (
    typeof key === 'string' && key !== '' && key.length <= maxKeyLength && key.isWellFormed() && !key.includes('\0')
  );
}

/** Returns a message's id as its key; undefined if the id is not usable, so that the message is not deduplicated. */
export const keyByMessageId = ({ message }: Pick<Invocation, 'message'>): string | undefined => {
  const id = message.headers[Header.id];
  return isKey(id) ? id : undefined;
};

/** Describes the issue of the option, as far as it shows without compiling it. */
export function validateDeduplicate(deduplicate: unknown, distributed: boolean): string | undefined {
  if (deduplicate === undefined || deduplicate === false) return undefined;
  if (!['boolean', 'string', 'function'].includes(typeof deduplicate)) {
    return `its 'deduplicate' is ${describeValue(deduplicate)}; write true, false, an expression or a function`;
  }
  if (distributed) return undefined;
  return "has 'deduplicate' without 'distributed: true'; only messages from the service's queue can be delivered twice";
}

/**
 * Compiles the option of a handler.
 *
 * @returns undefined where the configuration decides, false where the handler is called for every copy
 * @throws TypeError naming the handler, when the expression has an issue or names what does not exist
 */
export function deduplicationRule(
  deduplicate: Deduplicate | undefined,
  site: Omit<ParameterSite, 'parameter'>,
): KeyOfInvocation | false | undefined {
  if (deduplicate === true) return keyByMessageId;
  if (typeof deduplicate !== 'string' && typeof deduplicate !== 'function') return deduplicate;
  const option: ParameterSite = { ...site, parameter: 'deduplicate', role: 'option' };
  const options = { parts: ['payload', 'headers'], wholeParts: true } as const;
  const evaluate = prepareExpression(deduplicate, undefined, options, option);
  const check = typeof deduplicate === 'function' ? assertWholeParts : () => {};
  const keyOf = (result: unknown) => {
    check(result, option);
    return toKey(result, option);
  };
  return (invocation) => {
    const result = evaluate(invocation, {});
    return isPromiseLike(result) ? (result.then(keyOf) as Promise<string | undefined>) : keyOf(result);
  };
}

/** The text that JavaScript writes for a missing part of a composed text. */
const missingPart = /undefined|\[object \w+\]|(?<![\p{L}\p{N}_])(?:null|NaN)(?![\p{L}\p{N}_])/u;

/** Checks the text of a key. An expression checks each part itself, but of a function only the result is known. */
function assertWholeParts(result: unknown, option: ParameterSite): void {
  const [lack] = (isKey(result) && missingPart.exec(result)) || [];
  if (lack === undefined) return;
  throw new LittoralError(
    'expression-failed',
    `${cannotResolve(option)}: it gives a text with '${lack}' in it, as JavaScript writes a part that is missing. Give the part a default, or return null to have the message handled without deduplication.`,
  );
}

function toKey(result: unknown, option: ParameterSite): string | undefined {
  if (result === undefined || result === null) return undefined;
  const key = isExact(result) ? String(result) : result;
  if (isKey(key)) return key;
  if (typeof result === 'number') {
    throw new LittoralError(
      'expression-failed',
      `${cannotResolve(option)}: it gives a number that is not exact: not finite, or an integer beyond 2^53 that may have been rounded. Give a BigInt or a text.`,
    );
  }
  // This includes an empty text: all messages that lack the value would be copies of each other.
  const given = typeof result === 'string' ? `a text of ${result.length} characters` : describeValue(result);
  throw new LittoralError(
    'expression-failed',
    `${cannotResolve(option)}: it gives ${given}. A key is a well-formed text of 1 to ${maxKeyLength} characters, a number or a BigInt; nothing (null) if the message is not to be deduplicated.`,
  );
}

/** Returns whether a number is exact. Two different keys with rounded digits could become the same key. */
function isExact(value: unknown): value is number | bigint {
  if (typeof value !== 'number') return typeof value === 'bigint';
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}
