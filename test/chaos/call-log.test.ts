import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { emptyCallLog, logCall, readCalls } from './call-log.ts';

function callLog(): string {
  const folder = mkdtempSync(join(tmpdir(), 'littoral-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'calls.jsonl');
  writeFileSync(file, '');
  return file;
}

const call = { mark: 'm', bodyMark: 'm', messageId: 'id', endpoint: 'billing:pay', retry: 0 };

test('a call is there from its beginning on, and its end belongs to it', () => {
  const file = callLog();
  const ended = [logCall(file, call), logCall(file, { ...call, retry: 1 })] as const;
  expect(readCalls(file)).toMatchObject([
    { ...call, outcome: 'begun', process: process.pid },
    { ...call, retry: 1, outcome: 'begun' },
  ]);
  ended[1]('failed');
  ended[0]('succeeded');
  const [first, second] = readCalls(file);
  expect(first).toMatchObject({ retry: 0, outcome: 'succeeded', endedAt: expect.any(Number) });
  expect(second).toMatchObject({ retry: 1, outcome: 'failed' });
  expect(first?.endedAt).toBeGreaterThanOrEqual(first?.begunAt as number);
});

test('what was read can be forgotten; what comes later is noted', () => {
  const file = callLog();
  logCall(file, call);
  emptyCallLog(file);
  expect(readCalls(file)).toEqual([]);
  logCall(file, { ...call, mark: 'later' });
  expect(readCalls(file)).toMatchObject([{ mark: 'later' }]);
});
