import { describe, expect, test } from 'vitest';
import { pageText } from '../../src/cli/dead-letter-text.ts';

function pageWith(message: string): string {
  const error = { class: 'TypeError', message, code: 0 };
  return pageText({ items: [{ id: 'an id', error, bytes: 0, payload: { text: '' } }], next: null });
}

describe('the list of dead letters', () => {
  test('names the cause beside the error', () => {
    const message = 'fetch failed; caused by connect ECONNREFUSED 127.0.0.1:9';
    expect(pageWith(message)).toContain(`TypeError: ${message}`);
  });

  test('keeps the end of an error that is too long, for it names the root cause', () => {
    const text = pageWith(
      `no rate for ${'a long list of currencies, '.repeat(9)}; caused by connect ECONNREFUSED 127.0.0.1:9`,
    );
    expect(text).toMatch(/TypeError: no rate for a long list of .*….*used by connect ECONNREFUSED 127\.0\.0\.1:9\n/);
  });

  test('keeps the beginning of a long error without a cause', () => {
    expect(pageWith('x'.repeat(100))).toMatch(/TypeError: x{68}…\n/);
  });
});

test.each([
  [12, 'None of the 12 dead letters matches.\n'],
  [1, 'The only dead letter does not match.\n'],
])('a filter that matches none of %i reports the total', (total, text) => {
  expect(pageText({ items: [], next: null, total })).toBe(text);
});
