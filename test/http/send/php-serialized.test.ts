import { describe, expect, test } from 'vitest';
import { expectProblem, openGateway, openQueue, post } from '../gateway-fixture.ts';

const body = 'O:8:"stdClass":0:{}';

const names = [
  'application/x-php-serialized',
  'Application/X-PHP-Serialized',
  'application/x-php-serialized; type=array',
  'application/x-php',
  'application/x-php; type="App\\\\Order"',
  'application/x-phpserialized',
  'application/x.php-serialized',
  'application/vnd.php.serialized',
  'application/php-serialized',
];

describe('a payload that PHP would unserialize', () => {
  test.each(names)('is refused on every route: %s', async (contentType) => {
    const gateway = await openGateway();
    const messages = openQueue(gateway, 'billing', ['*']);
    for (const url of ['/commands/billing/a', '/events/a', '/messages/billing/a']) {
      const response = await post(gateway, { url, body, headers: { 'content-type': contentType } });
      expect(expectProblem(response, 'unsupported-media-type').detail).toContain('allowPhpSerialized');
    }
    expect(messages()).toEqual([]);
  });

  test('is refused as the target type of a conversion', async () => {
    const headers = { 'content-type': 'application/json', 'message-content-type': 'application/x-php-serialized' };
    expectProblem(await post(await openGateway(), { url: '/events/a', body: '{}', headers }), 'unsupported-media-type');
  });

  test('is refused by the buses, delayed or not', async () => {
    const { distributedBus } = await openGateway();
    const refused = { code: 'unsupported-media-type', outcome: 'not-accepted' };
    for (const name of ['application/x-php-serialized', 'application/x-php']) {
      await expect(distributedBus.publishEvent('a', body, name)).rejects.toMatchObject(refused);
      await expect(distributedBus.sendCommand('billing', 'a', body, name)).rejects.toMatchObject(refused);
      const delayed = { deliveryDelay: 1 };
      await expect(distributedBus.publishEvent('a', body, name, {}, delayed)).rejects.toMatchObject(refused);
    }
  });

  test('is sent unchanged with allowPhpSerialized', async () => {
    const gateway = await openGateway({ allowPhpSerialized: true });
    const messages = openQueue(gateway, 'billing', ['*']);
    const headers = { 'content-type': 'application/x-php-serialized' };
    expect((await post(gateway, { url: '/events/a', body, headers })).statusCode).toBe(202);
    expect(messages().map((message) => String(message.body))).toEqual([body]);
  });

  test.each(['application/json', 'application/x-photo', 'text/x-php', 'application/xml'])(
    'excludes other media types: %s',
    async (contentType) => {
      const gateway = await openGateway();
      const valid = contentType === 'application/json' ? '{}' : '<a/>';
      const response = await post(gateway, { url: '/events/a', body: valid, headers: { 'content-type': contentType } });
      expect(response.statusCode).toBe(202);
    },
  );
});
