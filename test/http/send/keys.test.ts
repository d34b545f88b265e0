import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exchange } from '../exchange.ts';
import { arrival, expectProblem, openQueue, post, sharedGateway } from '../gateway-fixture.ts';

describe('a key', () => {
  test.each([
    ['with dots', 'billing.change.details'],
    ['with a slash', 'a/b'],
    ['with a backslash', 'a\\b'],
    ['with a space', 'a b'],
    ['with a plus', 'a+b'],
    ['with a percent sign', '100%'],
    ['that looks encoded', 'a%2Fb'],
    ['with a question mark', 'a?b'],
    ['with a semicolon', 'a;b=c'],
    ['with a colon', 'a:b'],
    ['with unicode', '\u65e5\u672c.\u{1f600}'],
    ['of 255 bytes', 'k'.repeat(255)],
    ['of 255 bytes in 85 characters', '\u65e5'.repeat(85)],
    ['with empty words', 'a..b'],
    ['that is a number', '42'],
    ['that every object has', '__proto__'],
  ])('%s arrives as it was meant', async (_kind, key) => {
    const { headers } = await arrival(await sharedGateway(), { url: `/events/${encodeURIComponent(key)}` });
    expect(headers['ecotone.distributed.routingKey']).toBe(key);
  });

  test('arrives as it was meant, whatever it is', async () => {
    const gateway = await sharedGateway();
    const messages = openQueue(gateway, 'listener', ['*']);
    const key = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      // What inject resolves as a relative path, as a browser would.
      .filter((text) => !/[*#\p{Cc}]/u.test(text) && !/^\.{1,2}$/.test(text) && Buffer.byteLength(text) <= 200);
    await fc.assert(
      fc.asyncProperty(key, key, async (destination, routingKey) => {
        openQueue(gateway, destination);
        const url = `/commands/${encodeURIComponent(destination)}/${encodeURIComponent(routingKey)}`;
        expect((await post(gateway, { url })).statusCode).toBe(202);
        expect(messages().at(-1)?.headers).toMatchObject({
          'ecotone.distributed.targetServiceName': destination,
          'ecotone.distributed.routingKey': routingKey,
        });
      }),
    );
  });

  test.each(['.', '..', 'a/../b', 'a/./b'])('%s is no step in a path', async (key) => {
    const gateway = await sharedGateway();
    const messages = openQueue(gateway, 'billing', ['*']);
    const path = `/events/${key.replaceAll('/', '%2f')}`;
    await exchange(gateway, `POST ${path} HTTP/1.1\nHost: localhost\n\n`);
    expect(messages()).toMatchObject([{ headers: { 'ecotone.distributed.routingKey': key } }]);
  });
});

const paths = {
  'the routing key of an event': (key: string) => `/events/${key}`,
  'the destination of a command': (key: string) => `/commands/${key}/change`,
  'the routing key of a command': (key: string) => `/commands/billing/${key}`,
  'the destination of a message': (key: string) => `/messages/${key}/import`,
  'the channel of a message': (key: string) => `/messages/billing/${key}`,
};

describe.each(Object.entries(paths))('%s', (_what, path) => {
  test.each([
    ['has a *', 'billing.*'],
    ['has an encoded *', 'billing.%2A'],
    ['has an encoded #', 'billing.%23'],
    ['is longer than 255 bytes', 'k'.repeat(256)],
    ['is longer than 255 bytes in fewer characters', '%C3%BC'.repeat(128)],
    ['has a NUL', 'a%00b'],
    ['has a line break', 'a%0D%0Ab'],
    ['has a tab', 'a%09b'],
    ['has a DEL', 'a%7Fb'],
  ])('is refused when it %s', async (_issue, key) => {
    const gateway = await sharedGateway();
    const messages = openQueue(gateway, 'billing', ['*']);
    expectProblem(await post(gateway, { url: path(key) }), 'invalid-key');
    expect(messages()).toEqual([]);
  });

  test.each(['%', '%z', '%zz', '%ff', '%C3', '%ED%A0%80', '%C0%AF'])('is refused when it has %s', async (encoding) => {
    expectProblem(await post(await sharedGateway(), { url: path(`a${encoding}`) }), 'malformed-request');
  });

  test('is refused when it is empty', async () => {
    const answer = await exchange(await sharedGateway(), `POST ${path('')} HTTP/1.1\nHost: localhost\n\n`);
    expectProblem(answer, 'invalid-key');
  });

  test('is refused when it has a bare #, behind which the router would not look', async () => {
    const gateway = await sharedGateway();
    const messages = openQueue(gateway, 'billing', ['*']);
    const answer = await exchange(gateway, `POST ${path('billing#')} HTTP/1.1\nHost: localhost\n\n`);
    expectProblem(answer, 'malformed-request');
    expect(messages()).toEqual([]);
  });

  test('is refused when it is as long as a URL can be', async () => {
    expectProblem(await post(await sharedGateway(), { url: path('k'.repeat(15_000)) }), 'invalid-key');
  });
});

test('a destination is at most 200 bytes, for its queue has a longer name', async () => {
  expectProblem(await post(await sharedGateway(), { url: `/commands/${'d'.repeat(201)}/change` }), 'invalid-key');
});
