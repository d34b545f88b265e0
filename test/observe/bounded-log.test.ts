import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BoundedLog } from '../../src/observe/bounded-log.ts';

describe('a bounded log', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function journal(level = 'info') {
    const lines: Record<string, unknown>[] = [];
    const write = (line: string) => void lines.push(JSON.parse(line));
    const logger = pino({ level, base: undefined, timestamp: false }, { write });
    return { lines, log: new BoundedLog({ logger, limit: 2, windowMs: 1000 }) };
  }

  test('writes so many lines of a kind, then their number once the window ends', () => {
    const { lines, log } = journal();
    for (let count = 0; count < 1000; count += 1) log.write('warn', 'unauthorized', () => ({ count }), 'refused');
    log.write('info', 'too-large', () => ({}), 'refused');
    expect(lines.map(({ count, level }) => [count, level])).toEqual([
      [0, 40],
      [1, 40],
      [undefined, 30],
    ]);
    vi.advanceTimersByTime(1000);
    expect(lines.slice(3)).toEqual([
      { level: 40, kind: 'unauthorized', suppressed: 998, msg: 'events of one kind were not logged: too many' },
    ]);
    log.write('warn', 'unauthorized', () => ({ count: 'next' }), 'refused');
    expect(lines.at(-1)).toMatchObject({ count: 'next' });
  });

  test('counts at most a hundred kinds, and the others as one', () => {
    const { lines, log } = journal();
    for (let kind = 0; kind < 100_000; kind += 1) log.write('warn', `kind ${kind}`, () => ({}), 'refused');
    expect(lines).toHaveLength(102);
    vi.advanceTimersByTime(1000);
    expect(lines.at(-1)).toMatchObject({ kind: 'other', suppressed: 99_898 });
  });

  test('computes no fields for a line that is not written', () => {
    const { lines, log } = journal('error');
    const fields = vi.fn(() => ({}));
    log.write('warn', 'unauthorized', fields, 'refused');
    expect([fields.mock.calls, lines]).toEqual([[], []]);
  });
});
