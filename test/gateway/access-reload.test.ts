import { expect, test } from 'vitest';
import { bearer, keyOf, keysOf } from '../http/auth/callers.ts';
import { openGateway, openQueue, post } from '../http/gateway-fixture.ts';

test('keys and grants change while the gateway runs, and auth cannot be removed', async () => {
  const auth = (caller: string, grants: readonly string[]) => ({ keys: keysOf({ [caller]: grants }) });
  const gateway = await openGateway({ logLevel: 'silent', auth: auth('one', ['command:*']) });
  openQueue(gateway, 'billing');
  const statusOf = async (caller: string) =>
    (await post(gateway, { headers: bearer(keyOf(caller)), body: 'x' })).statusCode;
  expect([await statusOf('one'), await statusOf('two')]).toEqual([202, 401]);
  const settings = { service: 'shop', logLevel: 'silent', shutdownTimeoutMs: gateway.config.shutdownTimeoutMs };
  gateway.reload({ ...settings, auth: auth('two', ['command:*']) });
  expect([await statusOf('one'), await statusOf('two')]).toEqual([401, 202]);
  gateway.reload({ ...settings, auth: auth('two', ['event:*']) });
  expect(await statusOf('two')).toBe(403);
  expect(() => gateway.reload(settings)).toThrow('auth: cannot be removed');
  expect(await statusOf('one')).toBe(401);
});
