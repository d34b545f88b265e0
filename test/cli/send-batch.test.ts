import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { OrderedSends } from '../../src/bus/ordered-sends.ts';
import type { SendRequest } from '../../src/bus/send-request.ts';
import { FailedEntries } from '../../src/cli/failed-entries.ts';
import { type BatchOptions, sendBatch } from '../../src/cli/send-batch.ts';
import { withMessageId } from '../../src/cli/with-message-id.ts';
import { type ErrorCode, LittoralError } from '../../src/errors.ts';
import { folderOf } from '../folder-of.ts';

const id = '0198c0de-0000-7000-8000-000000000001';

/** Sends input to a bus on which each publish fails. */
async function sendFailing(pieces: Readable, code: ErrorCode, more: Partial<BatchOptions> = {}) {
  const requests: SendRequest[] = [];
  const failed: { readonly index: number; readonly line: string | undefined }[] = [];
  const sends = new OrderedSends({
    prepare: async (request) => {
      requests.push(request);
      const publish = () => Promise.reject(new LittoralError(code, 'not today'));
      return { route: 'any', copies: 1, bytes: 1, publish };
    },
    channel: { hasRoomFor: () => true, roomMade: () => Promise.resolve() },
  });
  const outcome = await sendBatch({ pieces, totalBytes: 0 }, sends, {
    ...{ from: 0, idempotencyKey: 'import', maxBytes: 100, onProgress() {}, isStopped: () => false },
    onFailed(index, line) {
      failed.push({ index, line: line?.toString() });
      return undefined;
    },
    ...more,
  });
  return { outcome, failed, requests };
}

const input = (...lines: string[]) => Readable.from([Buffer.from(lines.join('\n'))]);
const event = (more = '') => `{"kind":"event","routingKey":"a"${more}}`;

describe('entries that failed', () => {
  test('keep the id that was used, if the broker may have them', async () => {
    const own = [event(`,"messageId":"${id}"`), event(',"idempotencyKey":"mine"')];
    const { failed, requests } = await sendFailing(input(event(), ...own), 'nacked');
    const again = failed.map(({ line = '' }) => line);
    expect(again.slice(1)).toEqual(own);
    const second = await sendFailing(input(...again), 'nacked', { idempotencyKey: 'another' });
    expect(second.requests.map((request) => request.id)).toEqual(requests.map((request) => request.id));
  });

  test('stay as they are, if the broker does not have them', async () => {
    const { failed } = await sendFailing(input(event()), 'destination-not-found');
    expect(failed).toEqual([{ index: 0, line: event() }]);
  });

  test('have no line, if it was too long', async () => {
    const { failed, outcome } = await sendFailing(input('x'.repeat(300_000), event()), 'destination-not-found');
    expect(failed).toEqual([
      { index: 0, line: undefined },
      { index: 1, line: event() },
    ]);
    expect(outcome).toMatchObject({ next: 2, failed: 2 });
  });

  test('are waited for while their file takes no more', async () => {
    const log: string[] = [];
    const onFailed = async (index: number) => {
      log.push(`${index} failed`);
      await new Promise(setImmediate);
      log.push(`${index} written`);
    };
    await sendFailing(input(event(), event()), 'nacked', { onFailed });
    expect(log).toEqual(['0 failed', '0 written', '1 failed', '1 written']);
  });
});

describe('withMessageId', () => {
  test.each([
    [' {"a":[1]}', ` {"messageId":"${id}","a":[1]}`],
    ['{"messageId":null,"a":1e400}', `{"messageId":"${id}","a":1e400}`],
    ['{"idempotencyKey":null}', `{"messageId":"${id}","idempotencyKey":null}`],
    ['{"payload":{"messageId":"x"}}', `{"messageId":"${id}","payload":{"messageId":"x"}}`],
    ['{"idempotency\\u004bey":"x"}', '{"idempotency\\u004bey":"x"}'],
  ])('changes no other byte of %s', (line, expected) => {
    expect(withMessageId(Buffer.from(line), id).toString()).toBe(expected);
  });
});

describe('a batch that is stopped', () => {
  test('ends while it waits for input', async () => {
    const pieces = new PassThrough();
    pieces.write(`${event()}\n`);
    let isStopped = false;
    const onFailed = () => {
      isStopped = true;
      setImmediate(() => pieces.destroy());
      return undefined;
    };
    const { outcome } = await sendFailing(pieces, 'nacked', { onFailed, isStopped: () => isStopped });
    expect(outcome).toMatchObject({ next: 1, failed: 1, error: undefined });
  });

  test('hides no other error of its input', async () => {
    const pieces = new PassThrough();
    pieces.destroy(new Error('of the disk'));
    await expect(sendFailing(pieces, 'nacked')).rejects.toThrow('of the disk');
  });
});

describe('the file of failed entries', () => {
  test('asks to wait, and has every line in the end', async () => {
    const path = join(folderOf({}), 'failed');
    const file = new FailedEntries(path, false);
    const line = Buffer.alloc(100_000, 'x');
    const full = file.add(line);
    expect(full).toBeInstanceOf(Promise);
    await full;
    expect(file.add(Buffer.from('y'))).toBeUndefined();
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe(`${line}\ny\n`);
  });

  test('does not wait when it cannot be written', async () => {
    const file = new FailedEntries(join(folderOf({}), 'missing', 'failed'), false);
    await file.add(Buffer.alloc(100_000));
    await file.close();
    expect(file.error?.message).toMatch('ENOENT');
  });
});
