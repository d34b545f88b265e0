import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { errorTable } from '../../src/errors.ts';
import { readPage } from './page-code.ts';

const section = readPage('docs/delivery-guarantees.md').split('\n## ')[1] as string;
const rows = section.split('\n').filter((line) => /^\| \d/.test(line));
const openapi = JSON.parse(readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8'));
const { post } = openapi.paths['/commands/{destination}/{routingKey}'];

/** The rows of the table of answers whose first cell names a status. */
function rowsOf(status: number): readonly string[] {
  return rows.filter((row) => (row.split('|')[1] as string).includes(String(status)));
}

describe('the table of answers', () => {
  test.each(Object.keys(post.responses))('has a row for the status %s of a route that sends', (status) => {
    expect(rowsOf(Number(status))).not.toEqual([]);
  });

  const unknown = Object.entries(errorTable).filter(([, row]) => 'outcome' in row);

  test.each(unknown)('asks for the same Idempotency-Key after %s', (code, { status }) => {
    const named = rowsOf(status).filter((row) => status !== 503 || row.includes(`\`${code}\``));
    expect(named).toHaveLength(1);
    expect(named[0]).toMatch(/"outcome": "unknown".*\| perhaps.*same `Idempotency-Key`/);
  });

  test('lists statuses that must not be repeated separately from those that may', () => {
    const [fixed = '', repeated = ''] = ['| 400, ', '| 408, '].map((start) =>
      rows.find((row) => row.startsWith(start)),
    );
    for (const { status, retryable } of Object.values(errorTable)) {
      // Of other routes, and of handlers.
      if (![400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 431].includes(status)) continue;
      const listed = [fixed, repeated].filter((row) => (row.split('|')[1] as string).includes(String(status)));
      expect(listed, String(status)).toEqual([retryable ? repeated : fixed]);
    }
  });
});
