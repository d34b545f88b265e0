import { type ErrorCode, LittoralError } from '../errors.ts';

const failed: ErrorCode = 'expression-failed';

/**
 * Carries an error of a service, of `reference` or of the context through JSONata, which writes into the errors that it
 * catches.
 */
export class ForeignError {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** The failure of an expression on a message. It becomes an error that names the expression. */
export class ExpressionError {
  readonly reason: string;

  /** @param reason a clause about the expression; never a value of the payload */
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** The expression whose evaluation failed. */
export interface FailedExpression {
  readonly text: string;
  /** The messages that the expression contains literally for `$error` and `$assert`, which are therefore no payload. */
  readonly ownMessages: ReadonlySet<string>;
}

/**
 * @param thrown the value that JSONata threw
 * @returns the error of a service or of `reference`, unchanged; else a LittoralError that is not retryable. JSONata's
 * own messages hold values, so only their codes are used
 */
export function toEvaluationError({ text, ownMessages }: FailedExpression, thrown: unknown): unknown {
  if (thrown instanceof ForeignError) return thrown.error;
  const message = `The expression ${quoted(text)} cannot be evaluated`;
  if (thrown instanceof ExpressionError) return new LittoralError(failed, `${message}: ${thrown.reason}.`);
  const code = codeOf(thrown);
  const cause = new Error(`JSONata failed (${code})`);
  return new LittoralError(failed, `${message}: ${reasonOf(code, thrown, ownMessages)}.`, { cause });
}

const maxLength = 300;

export function quoted(text: string): string {
  return `"${text.length > maxLength ? `${text.slice(0, maxLength)}…` : text}"`;
}

function codeOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.name;
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : 'unknown';
}

function reasonOf(code: string, thrown: unknown, ownMessages: ReadonlySet<string>): string {
  const { token, index, type, message, value, value2 } = (thrown ?? {}) as Readonly<Record<string, unknown>>;
  const operator = typeof token === 'string' ? `"${token}"` : 'a function';
  switch (code) {
    case 'D3137':
    case 'D3141':
      // The text may have been put together from the payload.
      return ownMessages.has(String(message))
        ? String(message)
        : 'it raised the error itself, with $error() or $assert()';
    case 'T0410':
      return `argument ${Number(index)} of ${operator} is of the wrong type${hintOn([value], 'numbers')}`;
    case 'T0411':
      return `the value before ${operator} is of the wrong type`;
    case 'T0412':
      return `argument ${Number(index)} of ${operator} must be an array of ${String(type)}${hintOn([value].flat(), type)}`;
    case 'T2001':
      return `the left side of ${operator} must be a number${hintOn([value], 'numbers', token)}`;
    case 'T2002':
      return `the right side of ${operator} must be a number${hintOn([value], 'numbers', token)}`;
    case 'T2003':
    case 'T2004':
    case 'D1002':
      return `${reasons[code]}${hintOn([value], 'numbers')}`;
    case 'T2009':
      return `both sides of ${operator} must be numbers, or both texts${hintOn([value, value2], 'numbers')}`;
    case 'T2010':
      return `both sides of ${operator} must be numbers or texts${hintOn([value, value2], 'numbers')}`;
    default:
      return reasons[code] ?? `JSONata reports ${code}`;
  }
}

/** Returns advice for a text where a number is required. It never quotes the text. */
function hintOn(values: readonly unknown[], wanted: unknown, operator?: unknown): string {
  if (values.some((value) => typeof value === 'bigint')) return beyondNumbers;
  const texts = wanted === 'numbers' ? values.filter((value) => typeof value === 'string') : [];
  if (texts.length === 0) return '';
  if (texts.some(holdsNumber)) return ', and not a text that holds a number: write $number(…)';
  return `, and not a text${operator === '+' ? '; texts are joined with &' : ''}`;
}

const beyondNumbers = ', and not an integer beyond 2^53, with which an expression cannot compute';

/** Returns whether `$number` can read a text. A long text counts as none. */
function holdsNumber(text: string): boolean {
  return text.length < 400 && /^\s*-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?\s*$/.test(text);
}

const notAFunction = 'it calls a value that is not a function';

const reasons: Readonly<Record<string, string>> = {
  RangeError: 'something in it is nested too deeply, or too long',
  TypeError: 'a value is of the wrong kind',
  D1001: 'a number is out of range',
  D1002: 'only a number can be negated',
  T1010: 'a function in the place of a regular expression gives no match',
  T1003: 'the keys of an object must be texts',
  D1004: 'a regular expression matches the empty text',
  T1005: notAFunction,
  T1006: notAFunction,
  T1007: notAFunction,
  T1008: notAFunction,
  D1009: 'two keys of an object are the same',
  D1011: 'it is nested too deeply; look for an infinite recursion',
  D1012: 'it takes too long; look for an infinite loop',
  D1013: 'a key of an object is reserved by JSONata',
  T2003: 'the beginning of a range must be a whole number',
  T2004: 'the end of a range must be a whole number',
  T2006: 'the right side of "~>" must be a function',
  T2007: 'an order-by compares numbers only, or texts only',
  T2008: 'an order-by compares numbers or texts',
  T2011: 'the update of a transform must be an object',
  T2012: 'the deletions of a transform must be texts',
  D2014: 'a sequence is too long',
  D2015: 'a sequence is too long',
  D3001: 'an infinite number has no text',
  D3010: 'the text to replace must not be empty',
  D3011: 'the fourth argument of $replace() must not be negative',
  D3012: 'a replacement must be a text',
  D3020: 'the third argument of $split() must not be negative',
  D3030: 'a value cannot be converted to a number',
  D3040: 'the third argument of $match() must not be negative',
  D3050: '$reduce() needs a function of two arguments',
  D3060: 'a negative number has no square root',
  D3061: 'a power is out of range',
  D3070: '$sort() without a function takes numbers only, or texts only',
  D3110: 'a timestamp is not in ISO 8601',
  D3138: '$single() found more than one',
  D3139: '$single() found none',
  D3140: 'a URL is malformed',
};
