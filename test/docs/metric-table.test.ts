import { describe, expect, test } from 'vitest';
import { metricRows } from './metric-rows.ts';
import { readPage } from './page-code.ts';

describe('the table of metrics', () => {
  test('has each metric of the code', () => {
    const [, section = ''] = readPage('docs/monitoring.md').split('## Metrics\n');
    const [own = ''] = section.split('\n## ');
    const rows = own.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows).toEqual(metricRows());
  });
});
