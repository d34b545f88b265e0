import { describe, expect, test } from 'vitest';
import { openGateway, openQueue, post } from '../http/gateway-fixture.ts';

describe('the limits of a gateway', () => {
  const limit = { name: 'calls', per: 'principal', rate: 1, windowSeconds: 86_400 } as const;
  const base = { service: 'shop', logLevel: 'silent' };

  test('change while it runs', async () => {
    const gateway = await openGateway({ ...base, limits: [limit] });
    openQueue(gateway, 'billing');
    const statusOf = async () => (await post(gateway, { body: 'x' })).statusCode;
    const settings = { ...base, shutdownTimeoutMs: gateway.config.shutdownTimeoutMs };
    expect([await statusOf(), await statusOf()]).toEqual([202, 429]);
    expect(gateway.reload({ ...settings, limits: [limit] }).changed).not.toContain('limits');
    expect(await statusOf()).toBe(429);
    expect(gateway.reload({ ...settings, limits: [{ ...limit, rate: 2 }] }).changed).toContain('limits');
    expect([await statusOf(), await statusOf(), await statusOf()]).toEqual([202, 202, 429]);
    expect(gateway.reload(settings).changed).toContain('limits');
    expect(await statusOf()).toBe(202);
  });

  test('need a restart where there were none, and may be an empty list before', async () => {
    const without = await openGateway(base);
    const settings = { ...base, shutdownTimeoutMs: without.config.shutdownTimeoutMs, limits: [limit] };
    expect(without.reload(settings).needRestart).toContain('limits');
    const empty = await openGateway({ ...base, limits: [] });
    expect(empty.reload(settings).changed).toContain('limits');
    openQueue(empty, 'billing');
    expect([(await post(empty)).statusCode, (await post(empty)).statusCode]).toEqual([202, 429]);
  });
});
