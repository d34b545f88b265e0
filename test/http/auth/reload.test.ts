import { createHash } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { createGateway } from '../../../src/gateway/gateway.ts';
import { quiet } from '../gateway-fixture.ts';

const keyOf = (name: string) => `a-key-of-${name}-with-enough-characters`;
const adminToken = 'a-token-of-the-operators';

function config(caller: string, grants: readonly string[], admin = adminToken): Config {
  const sha256 = createHash('sha256').update(keyOf(caller)).digest('hex');
  return { service: 'shop', http: { adminToken: admin }, auth: { keys: [{ id: caller, sha256, grants }] } };
}

test('a reload replaces keys and grants at once, and changes nothing if it fails', async () => {
  const gateway = createGateway(config('one', ['event:*']), quiet);
  onTestFinished(() => gateway.stop());
  await gateway.start();
  const send = async (key: string) => {
    const headers = { authorization: `Bearer ${key}` };
    return (await gateway.app.inject({ method: 'POST', url: '/events/a', headers })).statusCode;
  };
  const read = async (key: string) => {
    const headers = { authorization: `Bearer ${key}` };
    return (await gateway.app.inject({ method: 'GET', url: '/dead-letters', headers })).statusCode;
  };
  expect(await send(keyOf('one'))).toBe(202);
  expect(gateway.reload(config('two', ['event:*']))).toEqual({ changed: ['auth'], needRestart: [] });
  expect(await send(keyOf('one'))).toBe(401);
  expect(await send(keyOf('two'))).toBe(202);
  gateway.reload(config('two', ['event:order.*']));
  expect(await send(keyOf('two'))).toBe(403);
  gateway.reload(config('two', ['event:*']));

  const other = 'another-token-of-the-operators';
  const { auth: _, ...withoutAuth } = config('two', [], other);
  for (const wrong of [withoutAuth, { ...config('three', ['event:*'], other), concurrency: 0 }]) {
    expect(() => gateway.reload(wrong)).toThrow('The configuration is not valid');
    expect(await send(keyOf('two'))).toBe(202);
    expect(await read(adminToken)).toBe(200);
    expect(await read(other)).toBe(401);
  }
});
