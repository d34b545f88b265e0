import { expect, test } from 'vitest';
import { checkSendOptions, maxTimeToLiveMs, type SendOptions } from '../../src/distribution/send-options.ts';
import { caught } from '../caught.ts';

test.each<SendOptions>([
  {},
  { id: undefined, correlationId: undefined, timeToLive: undefined, priority: undefined, deliveryDelay: undefined },
  { id: '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10' },
  { correlationId: 'order 7 ✓' },
  { correlationId: 'x'.repeat(255) },
  { timeToLive: 1 },
  { timeToLive: maxTimeToLiveMs },
  { deliveryDelay: 0 },
  { deliveryDelay: 2_592_000_000 },
  { deliveryDelay: 1, timeToLive: 1 },
  { priority: 0 },
  { priority: 255 },
])('options are good: %j', (options) => {
  expect(() => checkSendOptions(options)).not.toThrow();
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
  [{ timeToLive: 0 }, 'The time to live is not an integer from 1 to 4294967295.'],
  [{ timeToLive: 1.5 }, 'The time to live is not an integer from 1 to 4294967295.'],
  [{ timeToLive: 4_294_967_296 }, 'The time to live is not an integer from 1 to 4294967295.'],
  [{ timeToLive: '1000' }, 'The time to live is not an integer from 1 to 4294967295.'],
  [{ timeToLive: Number.NaN }, 'The time to live is not an integer from 1 to 4294967295.'],
  [{ deliveryDelay: -1 }, 'The delivery delay is not an integer from 0 to 2592000000.'],
  [{ deliveryDelay: 0.5 }, 'The delivery delay is not an integer from 0 to 2592000000.'],
  [{ deliveryDelay: 2_592_000_001 }, 'The delivery delay is not an integer from 0 to 2592000000.'],
  [{ deliveryDelay: '1000' }, 'The delivery delay is not an integer from 0 to 2592000000.'],
  [{ priority: -1 }, 'The priority is not an integer from 0 to 255.'],
  [{ priority: 256 }, 'The priority is not an integer from 0 to 255.'],
  [{ priority: 'high' }, 'The priority is not an integer from 0 to 255.'],
])('options are not valid: %j', async (options, message) => {
  expect(await caught(() => checkSendOptions(options as SendOptions))).toMatchObject({
    code: 'invalid-header',
    message,
  });
});
