import { isLittoralError, type LittoralError } from '../src/errors.ts';

/** The error of littoral that a call throws or rejects with. Anything else fails the test. */
export async function caught(call: () => unknown): Promise<LittoralError> {
  try {
    await call();
  } catch (error) {
    if (isLittoralError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** All that an error could tell: its message, and those of its causes and stacks. */
export function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const issues = JSON.stringify((error as Partial<LittoralError>).issues ?? []);
  return [error.message, error.stack, issues, error.cause === undefined ? '' : everythingIn(error.cause)].join('\n');
}

/** Returns what a call throws, whatever it is. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
