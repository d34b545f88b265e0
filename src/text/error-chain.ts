import { errorMessage, isLittoralError } from '../errors.ts';
import { shorten } from './shorten.ts';
import { withoutSecrets } from './without-secrets.ts';

/** One error of a chain of causes. */
interface Link {
  readonly error: unknown;
  /** Its place in the chain: the error itself, a cause, or one of several errors in an aggregate. */
  readonly relation: string;
}

const maxTextLength = 1_024;
const maxClassLength = 255;
const maxCodeLength = 64;

// The beginning says what was attempted, the end says why it failed.
const shownFirst = 5;
const shownLast = 2;
/** A getter can make another cause each time. */
const maxWalked = 2_000;
const maxInner = 4;
const maxInnerDepth = 2;

/**
 * Returns what an error says, with all of its causes, as one text: "fetch failed; caused by connect ECONNREFUSED …".
 * Anything can be thrown, and reading it can throw once more: this never does.
 *
 * @param maxLength at least 200. Default: 1,024 characters
 */
export function errorText(error: unknown, maxLength = maxTextLength): string {
  const links = linksOf(error);
  // The root cause is the most useful of them, so that no long message may take its room.
  const share = links.length === 1 ? maxLength : Math.max(60, Math.floor(maxLength / links.length) - 20);
  let text = '';
  for (const { error: link, relation } of links) {
    const own = ownText(link, share, text === '');
    if (text === '') text = own;
    else if (!repeats(text, link)) text = `${text.replace(/\.$/, '')}; ${relation} ${own}`;
  }
  return shorten(text, maxLength);
}

/**
 * Returns the stack of an error and those of its causes, as Node prints them.
 *
 * @param maxLength Default: 8,192 characters
 */
export function errorStack(error: unknown, maxLength = 8_192): string {
  const links = linksOf(error).flatMap((link) => [link, ...innerLinks(link.error)]);
  const share = Math.max(100, Math.floor(maxLength / links.length) - 40);
  const [own = '', ...causes] = links.map(({ error: link, relation }, index) => {
    const { head, frames } = stackOf(link);
    // A cause without a stack still says what it is.
    const text = head + frames || (index === 0 ? '' : labelled(link, errorMessage(link)));
    return index === 0 ? text : `${relation}: ${shorten(withoutSecrets(text), share)}`;
  });
  const first = shorten(withoutSecrets(own), causes.length === 0 ? maxLength : share);
  return shorten([first, ...causes].filter((text) => text !== '').join('\n'), maxLength);
}

/** Returns an error as the plain data that a log line may hold, in the form that pino gives to `err`. */
export function errorFields(error: unknown): { type: string; message: string; code?: string; stack: string } {
  const code = codeOf(error);
  const stack = errorStack(error);
  const type = classOf(error);
  const fields = { type, message: errorText(error), ...(code === '' ? {} : { code }), stack };
  // The logger of a host may use pino's own serializer, which takes the type from the constructor or from the name.
  return Object.defineProperties(fields, { constructor: { value: undefined }, name: { value: type } });
}

/** Returns the name of an error's class: `littoral.<code>` for an error of littoral. For other values their kind. */
export function classOf(error: unknown): string {
  const name = read(() => {
    if (isLittoralError(error)) return `littoral.${error.code}`;
    if (!(error instanceof Error)) return typeof error;
    // `class OverdrawnError extends Error {}` has a name of its own, and its instances are all called Error.
    return error.name === 'Error' ? error.constructor.name || error.name : error.name;
  }, 'unknown');
  return shorten(name, maxClassLength);
}

/** Returns the stack of one error in two parts: its class and message, and its frames. */
export function stackOf(error: unknown): { head: string; frames: string } {
  const stack = read(() => (error as Partial<Error>).stack ?? '', '');
  const message = read(() => (error as Partial<Error>).message ?? '', '');
  // The stack begins with the message, which may be longer than all its frames and may look like them.
  const start = stack.indexOf(message);
  if (start === -1) return { head: '', frames: stack.slice(0, maxStackLength) };
  const end = start + message.length;
  const head = `${stack.slice(0, Math.min(start, maxClassLength))}${shorten(withoutSecrets(message), maxMessageLength)}`;
  return { head, frames: stack.slice(end, end + maxStackLength) };
}

const maxMessageLength = 1_024;
const maxStackLength = 8_192;

/** Returns the error and its causes in their order, the middle of a long chain left out. */
function linksOf(error: unknown): readonly Link[] {
  const chain: Link[] = [{ error, relation: '' }];
  const seen = new Set([error]);
  let cause = causeOf(error);
  while (cause !== undefined && !seen.has(cause) && chain.length < maxWalked) {
    seen.add(cause);
    chain.push({ error: cause, relation: 'caused by' });
    cause = causeOf(cause);
  }
  const left = chain.length - shownFirst - shownLast;
  if (left <= 0) return chain;
  const [next, ...last] = chain.slice(-shownLast) as [Link, ...Link[]];
  return [...chain.slice(0, shownFirst), { ...next, relation: `caused, ${left} causes further on, by` }, ...last];
}

/** @returns undefined where there is none, or it cannot be read */
function causeOf(error: unknown): unknown {
  try {
    if (typeof error !== 'object' || error === null) return undefined;
    const { cause } = error as Partial<Error>;
    return cause === null || typeof cause === 'function' ? undefined : cause;
  } catch {
    return undefined;
  }
}

/** Returns the errors that an aggregate holds, a few of them, and how many there are. */
function innerErrors(error: unknown): { readonly shown: readonly unknown[]; readonly count: number } {
  try {
    const { errors, name, error: later, suppressed } = Object(error) as Record<string, unknown>;
    if (name === 'SuppressedError') return { shown: [later, suppressed], count: 2 };
    if (!(error instanceof Error) || !Array.isArray(errors) || errors.length === 0) return { shown: [], count: 0 };
    const shown = Array.from({ length: Math.min(errors.length, maxInner) }, (_, index) => errors[index] as unknown);
    // A list of that name in another error can be anything, such as the issues of a payload.
    const isAggregate = error instanceof AggregateError || shown.every((inner) => inner instanceof Error);
    return isAggregate ? { shown, count: errors.length } : { shown: [], count: 0 };
  } catch {
    return { shown: [], count: 0 };
  }
}

function innerLinks(error: unknown): readonly Link[] {
  const { shown, count } = innerErrors(error);
  return shown.map((inner, index) => ({ error: inner, relation: `error ${index + 1} of ${count}` }));
}

/** Returns what one error says, without its causes. */
function ownText(error: unknown, maxLength: number, isFirst: boolean, depth = 0): string {
  const { shown, count } = depth < maxInnerDepth ? innerErrors(error) : { shown: [], count: 0 };
  const inner = shown.map((one) => withCauses(one, Math.floor(maxLength / (shown.length + 1)), depth + 1));
  if (count > shown.length) inner.push(`and ${count - shown.length} more`);
  const message = shown.length > 0 ? read(() => (error as Error).message, '') : errorMessage(error);
  const room = Math.max(40, maxLength - inner.join('; ').length);
  const details = read(() => detailsOf(error, message, isFirst), '');
  const own = `${shorten(withoutSecrets(message), room)}${details}`.trim();
  const text = isFirst ? own : labelled(error, own);
  if (inner.length === 0) return shorten(text === '' ? 'an error without a message' : text, maxLength);
  return shorten(own === '' ? inner.join('; ') : `${text} [${inner.join('; ')}]`, maxLength);
}

/** Returns what one error of an aggregate says, with its own causes. */
function withCauses(error: unknown, maxLength: number, depth: number): string {
  const links = linksOf(error);
  const share = Math.max(40, Math.floor(maxLength / links.length));
  return links
    .map(
      ({ error: link, relation }, index) =>
        `${index === 0 ? '' : `; ${relation} `}${ownText(link, share, false, depth)}`,
    )
    .join('');
}

/** Puts the name of an error's class in front of its text, where it says more than that it is an error. */
function labelled(error: unknown, text: string): string {
  const name = classOf(error);
  if (text === '') return name;
  return name === 'Error' || name === typeof error ? text : `${name}: ${text}`;
}

/** Returns the code and the system call that the message does not name. */
function detailsOf(error: unknown, message: string, isFirst: boolean): string {
  if (typeof error !== 'object' || error === null || error instanceof DOMException) return '';
  if (!(error instanceof Error) || isLittoralError(error)) return '';
  // A dead letter has a header for the number of the error itself.
  const code = isFirst && /^\d+$/.test(codeOf(error)) ? '' : codeOf(error);
  const syscall = shorten(
    read(() => (error as { syscall?: unknown }).syscall ?? '', ''),
    maxCodeLength,
  );
  const details = [code && `code ${code}`, syscall && `syscall ${syscall}`].filter(
    (detail) => detail !== '' && !message.includes(detail.slice(detail.indexOf(' ') + 1)),
  );
  return details.length === 0 ? '' : ` (${details.join(', ')})`;
}

/** Returns the code of an error, or its `errno` where it has none; '' for neither. */
function codeOf(error: unknown): string {
  const code = read(() => {
    const { code, errno } = Object(error) as { code?: unknown; errno?: unknown };
    return [code, errno].find((value) => typeof value === 'string' || Number.isSafeInteger(value)) ?? '';
  }, '');
  return shorten(code, maxCodeLength);
}

/** Returns whether an error in front of another quotes it already, as those do that say more about it. */
function repeats(text: string, error: unknown): boolean {
  const { shown } = innerErrors(error);
  const message = shown.length > 0 ? read(() => (error as Error).message, '') : withoutSecrets(errorMessage(error));
  if (message === '') return shown.length > 0 && shown.every((inner) => repeats(text, inner));
  return [': ', ' by ', '('].some((before) => text.includes(before + message));
}

function read(get: () => unknown, otherwise: string): string {
  try {
    return String(get());
  } catch {
    return otherwise;
  }
}
