import { classOf, errorStack, errorText, stackOf } from '../text/error-chain.ts';

/** A thrown value as plain data of bounded size. */
export interface ErrorSnapshot {
  /** `littoral.<code>` for an error of littoral, else its name, or what kind of value it is. */
  readonly class: string;
  /** Its message, and those of all its causes. */
  readonly message: string;
  /** Its own and those of its causes. Empty where there is none. */
  readonly stackTrace: string;
  /** The file and the line in the topmost frame of the stack; empty and 0 where there is none. */
  readonly file: string;
  readonly line: number;
  /** Its own numeric code; 0 where it has none. */
  readonly code: number;
}

const maxFileLength = 1024;

/** Takes a snapshot of a thrown value. It can be anything, and reading it can throw. */
export function errorSnapshot(error: unknown): ErrorSnapshot {
  endQuietly(error);
  return {
    class: classOf(error),
    message: errorText(error),
    stackTrace: errorStack(error),
    ...placeOf(stackOf(error).frames),
    code: codeOf(error),
  };
}

/** A promise that was thrown can be rejected in its turn, and that would end the process. */
function endQuietly(thrown: unknown): void {
  try {
    if (thrown instanceof Promise) Promise.prototype.then.call(thrown, undefined, () => {});
  } catch {
    // It is a proxy, or a constructor of its own throws.
  }
}

function codeOf(error: unknown): number {
  try {
    const { code } = error as { code?: unknown };
    return Number.isSafeInteger(code) ? (code as number) : 0;
  } catch {
    return 0;
  }
}

function placeOf(frames: string): { file: string; line: number } {
  for (const frame of frames.split('\n')) {
    // `at name (file:line:column)` or `at file:line:column`
    const text = /^\s+at (.+)$/.exec(frame)?.[1] ?? '';
    const location = text.endsWith(')') ? text.slice(text.indexOf(' (') + 2, -1) : text.replace(/^async /, '');
    const [, file, line] = /^(.+):(\d{1,9}):\d{1,9}$/.exec(location) ?? [];
    if (file !== undefined) return { file: file.slice(0, maxFileLength).toWellFormed(), line: Number(line) };
  }
  return { file: '', line: 0 };
}
