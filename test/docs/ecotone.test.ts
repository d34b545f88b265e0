import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readPage } from './page-code.ts';

const root = new URL('../../', import.meta.url);
const page = readPage('docs/ecotone.md');
const tables = page.slice(0, page.indexOf('## Not supported'));
const rows = tables.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| Ecotone'));
const proofs = rows.flatMap((row) => {
  const cell = row.split(' | ').at(-1)?.replace(/ \|$/, '') as string;
  return cell.split('<br>').map((proof) => [proof, row] as const);
});

test('the tables are read', () => {
  expect(rows.length).toBeGreaterThan(50);
});

describe('every row of the comparison with Ecotone names a test that exists', () => {
  test.each(proofs)('%s', (proof, row) => {
    const [, file = '', titles = ''] = /^\[\S+\]\(\.\.\/(test\/\S+\.test\.ts)\): (.+)$/.exec(proof) ?? [];
    expect(file, row).not.toBe('');
    expect(existsSync(new URL(file, root)), file).toBe(true);
    const source = readFileSync(new URL(file, root), 'utf8');
    expect(stands(titles.split(' › '), source), titles).toBe(true);
  });
});

/** Whether the groups and the test of these titles stand in a file, in their order; or a row of a table, anywhere. */
function stands(titles: readonly string[], source: string): boolean {
  let from = 0;
  return titles.every((title) => {
    const quoted = ["'", '"', '`'].map((quote) => quote + title + quote);
    const found = quoted.map((text) => source.indexOf(`(${text}`, from)).find((at) => at !== -1);
    from = found ?? from;
    const row = quoted.some((text) => ['[', '\n    ', '\n      '].some((before) => source.includes(before + text)));
    return found !== undefined || row;
  });
}
