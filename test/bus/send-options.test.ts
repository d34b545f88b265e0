import { expect, test } from 'vitest';
import { assertSendOptions } from '../../src/bus/send-options.ts';
import type { SendRequest } from '../../src/bus/send-request.ts';
import { maxTimeToLiveMs } from '../../src/message/limits.ts';
import { caught } from '../caught.ts';

test.each<Partial<SendRequest>>([
  {},
  { id: undefined, correlationId: undefined, timeToLiveMs: undefined, priority: undefined, delayMs: undefined },
  { id: '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10' },
  { correlationId: 'order 7 ✓' },
  { correlationId: 'x'.repeat(255) },
  { timeToLiveMs: 1 },
  { timeToLiveMs: maxTimeToLiveMs },
  { delayMs: 0 },
  { delayMs: 2_592_000_000 },
  { delayMs: 1, timeToLiveMs: 1 },
  { priority: 0 },
  { priority: 255 },
])('options are good: %j', (options) => {
  expect(() => assertSendOptions(options)).not.toThrow();
});

test.each<[unknown, string]>([
  [{ id: '7' }, 'The message id is not a UUID.'],
  [{ id: '' }, 'The message id is not a UUID.'],
  [{ id: 7 }, 'The message id is not a UUID.'],
  [{ id: null }, 'The message id is not a UUID.'],
  [{ correlationId: '' }, 'The correlation id is not a text with at least one character.'],
  [{ correlationId: 7 }, 'The correlation id is not a text with at least one character.'],
  [{ correlationId: 'a\ud800' }, 'The correlation id is not a text with at least one character.'],
  [{ correlationId: 'ż'.repeat(128) }, 'The correlation id is longer than 255 bytes.'],
  [{ timeToLiveMs: 0 }, 'The time to live, in milliseconds, is not an integer from 1 to 4294967295.'],
  [{ timeToLiveMs: 1.5 }, 'The time to live, in milliseconds, is not an integer from 1 to 4294967295.'],
  [{ timeToLiveMs: 4_294_967_296 }, 'The time to live, in milliseconds, is not an integer from 1 to 4294967295.'],
  [{ timeToLiveMs: '1000' }, 'The time to live, in milliseconds, is not an integer from 1 to 4294967295.'],
  [{ timeToLiveMs: Number.NaN }, 'The time to live, in milliseconds, is not an integer from 1 to 4294967295.'],
  [{ delayMs: -1 }, 'The delivery delay, in milliseconds, is not an integer from 0 to 2592000000.'],
  [{ delayMs: 0.5 }, 'The delivery delay, in milliseconds, is not an integer from 0 to 2592000000.'],
  [{ delayMs: 2_592_000_001 }, 'The delivery delay, in milliseconds, is not an integer from 0 to 2592000000.'],
  [{ delayMs: '1000' }, 'The delivery delay, in milliseconds, is not an integer from 0 to 2592000000.'],
  [{ priority: -1 }, 'The priority is not an integer from 0 to 255.'],
  [{ priority: 256 }, 'The priority is not an integer from 0 to 255.'],
  [{ priority: 'high' }, 'The priority is not an integer from 0 to 255.'],
])('options are not valid: %j', async (options, message) => {
  expect(await caught(() => assertSendOptions(options as SendRequest))).toMatchObject({
    code: 'invalid-header',
    message,
  });
});
