import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseAmqpUrl } from '../../../../src/engine/amqp/connection/amqp-url.ts';
import { BrokerAddresses } from '../../../../src/engine/amqp/connection/broker-addresses.ts';

const [a, b, c] = ['amqp://a', 'amqp://b', 'amqp://c'].map(parseAmqpUrl) as [never, never, never];

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** Returns the addresses that were first in many tries of a new list. */
function firsts(count = 200): Set<unknown> {
  return new Set(Array.from({ length: count }, () => new BrokerAddresses([a, b, c]).next().address));
}

describe('the addresses of a broker', () => {
  test('begin with a random one', () => {
    expect(firsts()).toEqual(new Set([a, b, c]));
  });

  test('are all tried once before one is tried again', () => {
    const addresses = new BrokerAddresses([a, b, c]);
    const tried = Array.from({ length: 3 }, () => {
      const { address, waitMs } = addresses.next();
      expect(waitMs).toBe(0);
      addresses.failed(address, 0);
      return address;
    });
    expect(new Set(tried)).toEqual(new Set([a, b, c]));
    expect(addresses.next().waitMs).toBeGreaterThan(0);
  });

  test('wait longer for one that fails again, up to two seconds', () => {
    const addresses = new BrokerAddresses([a]);
    const pauses = Array.from({ length: 12 }, () => {
      const { address } = addresses.next();
      addresses.failed(address, 0);
      const { waitMs } = addresses.next();
      vi.advanceTimersByTime(waitMs);
      return waitMs;
    });
    expect(Math.min(...pauses)).toBeGreaterThan(0);
    expect(pauses[0]).toBeLessThanOrEqual(50);
    expect(pauses.at(-1)).toBeGreaterThan(1_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(2_000);
  });

  test('try one that does not answer for half of the time at most', () => {
    const addresses = new BrokerAddresses([a, b]);
    addresses.failed(a, 10_000);
    addresses.failed(b, 0);
    vi.advanceTimersByTime(9_999);
    for (let attempt = 0; attempt < 5; attempt += 1) expect(addresses.next().address).toBe(b);
  });

  test('prefer another one to the one whose connection was lost', () => {
    const addresses = new BrokerAddresses([a, b]);
    addresses.succeeded(a);
    addresses.failed(a, 0);
    expect(addresses.next()).toEqual({ address: b, waitMs: 0 });
  });
});
