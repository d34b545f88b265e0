import { isLittoralError, messageOf } from '../errors.ts';

/** What was thrown, as plain data of bounded size. */
export interface ThrownError {
  /** `littoral.<code>` for an error of littoral, else its name, or what kind of value it is. */
  readonly class: string;
  readonly message: string;
  /** Empty where there is none. */
  readonly stackTrace: string;
  /** The file and the line in the topmost frame of the stack; empty and 0 where there is none. */
  readonly file: string;
  readonly line: number;
  /** Its own numeric code; 0 where it has none. */
  readonly code: number;
}

const maxNameLength = 255;
const maxMessageLength = 1024;
const maxStackLength = 8192;

/** Describes what was thrown. That can be anything, and reading it can throw once more. */
export function describeThrown(error: unknown): ThrownError {
  const message = read(() => messageOf(error), 'an error that cannot be read');
  const stack = read(() => (error as Partial<Error>).stack ?? '', '');
  const { head, frames } = splitStack(stack, message);
  return {
    class: bounded(
      read(() => classOf(error), 'unknown'),
      maxNameLength,
    ),
    message: bounded(message, maxMessageLength),
    stackTrace: bounded(head + frames, maxStackLength),
    ...placeOf(frames),
    code: codeOf(error),
  };
}

function read(get: () => unknown, otherwise: string): string {
  try {
    return String(get());
  } catch {
    return otherwise;
  }
}

function bounded(text: string, maxLength: number): string {
  return text.slice(0, maxLength).toWellFormed();
}

function classOf(error: unknown): string {
  if (isLittoralError(error)) return `littoral.${error.code}`;
  if (!(error instanceof Error)) return typeof error;
  // `class OverdrawnError extends Error {}` has a name of its own, and its instances are all called Error.
  return error.name === 'Error' ? error.constructor.name || error.name : error.name;
}

function codeOf(error: unknown): number {
  try {
    const { code } = error as { code?: unknown };
    return Number.isSafeInteger(code) ? (code as number) : 0;
  } catch {
    return 0;
  }
}

/** A stack begins with the message, which may be longer than all its frames and may look like them. */
function splitStack(stack: string, message: string): { head: string; frames: string } {
  const start = stack.indexOf(message);
  if (start === -1) return { head: '', frames: stack.slice(0, maxStackLength) };
  const end = start + message.length;
  const head = stack.slice(0, Math.min(start, maxNameLength)) + message.slice(0, maxMessageLength);
  return { head, frames: stack.slice(end, end + maxStackLength) };
}

function placeOf(frames: string): { file: string; line: number } {
  for (const frame of frames.split('\n')) {
    // `at name (file:line:column)` or `at file:line:column`
    const text = /^\s+at (.+)$/.exec(frame)?.[1] ?? '';
    const location = text.endsWith(')') ? text.slice(text.indexOf(' (') + 2, -1) : text.replace(/^async /, '');
    const [, file, line] = /^(.+):(\d{1,9}):\d{1,9}$/.exec(location) ?? [];
    if (file !== undefined) return { file: bounded(file, maxMessageLength), line: Number(line) };
  }
  return { file: '', line: 0 };
}
