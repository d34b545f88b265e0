import { LittoralError } from '../errors.ts';
import { Header } from '../message/message-headers.ts';
import { prepareExpression } from '../parameter/expression.ts';
import type { ExpressionScope } from '../parameter/expression-scope.ts';
import { cannotResolve, type Invocation, type ParameterSite } from '../parameter/parameter-converter.ts';
import { isPromiseLike } from '../promise/maybe-promise.ts';
import { describeValue } from '../text/describe-value.ts';

/** What makes two messages copies of each other. A number is the same as its text. Nothing: it has no copies. */
export type DeduplicationKey = string | number | bigint | null | undefined;

/** Whether a handler is called for copies, or what makes two messages copies. */
export type Deduplicate = boolean | string | ((scope: ExpressionScope) => DeduplicationKey | Promise<DeduplicationKey>);

/**
 * Gives the key of a message; undefined where copies of it cannot be told.
 *
 * @throws LittoralError `expression-failed`, or what the author's function throws
 */
export type KeyOfInvocation = (invocation: Invocation) => string | undefined | Promise<string | undefined>;

const maxKeyLength = 255;

/** What every store can keep, in bounded memory. */
function isKey(key: unknown): key is string {
  return (
    typeof key === 'string' && key !== '' && key.length <= maxKeyLength && key.isWellFormed() && !key.includes('\0')
  );
}

/** The key of a message by its id. Whoever sends without a usable one gets no deduplication. */
export const keyByMessageId = ({ message }: Pick<Invocation, 'message'>): string | undefined => {
  const id = message.headers[Header.id];
  return isKey(id) ? id : undefined;
};

/** Says what is wrong with the option, as far as it can be seen without compiling it. */
export function validateDeduplicate(deduplicate: unknown, distributed: boolean): string | undefined {
  if (deduplicate === undefined || deduplicate === false) return undefined;
  if (!['boolean', 'string', 'function'].includes(typeof deduplicate)) {
    return `its 'deduplicate' is ${describeValue(deduplicate)}; write true, false, an expression or a function`;
  }
  if (distributed) return undefined;
  return "has 'deduplicate' without 'distributed: true'; only what comes through the service's queue can come twice";
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

/** What JavaScript makes of a part that is missing, in a text that is put together. */
const missingPart = /undefined|\[object \w+\]|(?<![\p{L}\p{N}_])(?:null|NaN)(?![\p{L}\p{N}_])/u;

/** In an expression, each part is looked at before it is one. Of a function, only the text is seen. */
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
  // An empty text among them: all messages that lack what it stands for would be copies of each other.
  const given = typeof result === 'string' ? `a text of ${result.length} characters` : describeValue(result);
  throw new LittoralError(
    'expression-failed',
    `${cannotResolve(option)}: it gives ${given}. A key is a well-formed text of 1 to ${maxKeyLength} characters, a number or a BigInt; nothing (null) if the message is not to be deduplicated.`,
  );
}

/** Two keys of which the last digits were rounded would be one, and the second message a copy of the first. */
function isExact(value: unknown): value is number | bigint {
  if (typeof value !== 'number') return typeof value === 'bigint';
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
}
