import { describe, expect, test } from 'vitest';
import { eventRows, logEvents } from './log-events.ts';
import { readPage } from './page-code.ts';

describe('the table of log events', () => {
  test('has each event of the code, with its level and its fields', () => {
    const [, section = ''] = readPage('docs/monitoring.md').split('### Events\n');
    const [table = ''] = section.split('\n## ');
    const rows = table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| event |'));
    expect(rows).toEqual(eventRows());
  });

  test('has no event whose fields cannot be read from the code', () => {
    expect(logEvents().filter(({ fields }) => fields.includes('…'))).toEqual([]);
  });
});
