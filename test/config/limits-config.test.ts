import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.ts';

const limit = { name: 'calls', per: 'principal', rate: 10, windowSeconds: 1 };
const resolve = (limits: unknown) => resolveConfig({ service: 'shop', limits } as never, {});

describe('limits', () => {
  test('are none by default, and otherwise stay as they are written', () => {
    expect(resolve(undefined).limits).toBeUndefined();
    expect(resolve([]).limits).toEqual([]);
    const all = [limit, { ...limit, name: 'bytes', per: 'all', unit: 'bytes', burst: 20 }];
    expect(resolve(all).limits).toEqual(all);
  });

  test.each([
    [{ ...limit, name: 'a "b"' }, 'limits.0.name'],
    [{ ...limit, name: '' }, 'limits.0.name'],
    [{ ...limit, per: 'service' }, 'limits.0.per'],
    [{ ...limit, rate: 0 }, 'limits.0.rate'],
    [{ ...limit, rate: 0.5 }, 'limits.0.rate'],
    [{ ...limit, windowSeconds: 0 }, 'limits.0.windowSeconds'],
    [{ ...limit, burst: 0 }, 'limits.0.burst'],
    [{ ...limit, unit: 'messages' }, 'limits.0.unit'],
    [{ ...limit, windowMs: 1 }, 'limits.0'],
    [{ name: 'calls' }, 'limits.0'],
  ])('name the setting that is wrong in %j', (one, path) => {
    expect(() => resolve([one])).toThrow(path);
  });

  test('have different names', () => {
    expect(() => resolve([limit, { ...limit, per: 'all' }])).toThrow(
      'limits.1.name: is the name of an earlier limit as well',
    );
  });
});
