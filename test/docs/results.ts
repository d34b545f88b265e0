import assert from 'node:assert/strict';
import { inspect } from 'node:util';

/** Fails, naming the line of the page, when a call gives something else than the page shows. */
export async function shows(line: number, call: () => unknown, expected: () => unknown): Promise<void> {
  const result = await call();
  assert.deepEqual(result, expected(), `line ${line} gives ${inspect(result)}`);
}

/**
 * Fails, naming the line of the page, when a call does not throw, or something else than the page shows.
 *
 * @param expected a part of the error's code and message, or the whole message
 */
export async function throws(line: number, call: () => unknown, expected: string | { message: string }): Promise<void> {
  try {
    await call();
  } catch (error) {
    assert.ok(error instanceof Error, `line ${line} throws what is no error`);
    const { message, code = '' } = error as Error & { readonly code?: string };
    if (typeof expected === 'object') assert.equal(message, expected.message, `line ${line} throws: ${message}`);
    else assert.ok(`${code} ${message}`.includes(expected), `line ${line} throws ${code}: ${message}`);
    return;
  }
  assert.fail(`line ${line} throws nothing`);
}
