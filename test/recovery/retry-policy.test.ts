import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaults } from '../../src/config/defaults.ts';
import { delayLevels } from '../../src/engine/amqp/delay/delay-levels.ts';
import { LittoralError } from '../../src/errors.ts';
import type { CompleteRetries, ErrorKind, Retries } from '../../src/handler/retries.ts';
import { Reject, RetryLater } from '../../src/handler/retry-hint.ts';
import { RetryPolicy } from '../../src/recovery/retry-policy.ts';

class ConflictError extends Error {}
class WriteConflictError extends ConflictError {}

const failed = new Error('the table is locked');

/** Returns the policy of a handler, for a service that has other retries than the defaults. */
function policyOf(ofService: Retries = {}, ofHandler?: Retries): RetryPolicy {
  const instant = { ...defaults.retries.instant, ...ofService.instant };
  return new RetryPolicy({ ...defaults.retries, ...ofService, instant } as CompleteRetries, ofHandler);
}

const delaysOf = (policy: RetryPolicy, error: unknown = failed, random?: () => number) =>
  Array.from({ length: 5 }, (_, earlier) => policy.delayMs(error, earlier, random));

test('three delayed retries after 1, 10 and 100 s unless told otherwise, and no instant one', () => {
  const policy = policyOf();
  expect(delaysOf(policy)).toEqual([1000, 10_000, 100_000, undefined, undefined]);
  expect(policy.isInstant(failed, 0)).toBe(false);
});

test.each<[string, Retries, (number | undefined)[]]>([
  ['more attempts', { maxAttempts: 4 }, [1000, 10_000, 100_000, 1_000_000, undefined]],
  ['no attempts', { maxAttempts: 0 }, Array(5).fill(undefined)],
  ['another first delay', { initialDelayMs: 5, maxAttempts: 2 }, [5, 50, 500].slice(0, 2).concat(Array(3))],
  ['equal delays', { multiplier: 1, maxAttempts: 5 }, Array(5).fill(1000)],
  ['a fraction', { initialDelayMs: 3, multiplier: 1.5, maxAttempts: 3 }, [3, 5, 7, undefined, undefined]],
  ['a longest delay', { maxDelayMs: 2000, maxAttempts: 5 }, [1000, 2000, 2000, 2000, 2000]],
  ['what grows beyond all bounds', { multiplier: 1000, maxAttempts: 1000, maxDelayMs: 7 }, Array(5).fill(7)],
  ['settings that are undefined', { maxAttempts: undefined, initialDelayMs: 2 }, [2, 20, 200, undefined, undefined]],
])('%s', (_, retries, expected) => {
  expect(delaysOf(policyOf({}, retries))).toEqual(expected);
});

test.each<[Retries, number[]]>([
  [{}, [1000, 10_000, 100_000]],
  [{ maxAttempts: 0 }, []],
  [{ maxAttempts: 1000, maxDelayMs: 1500 }, [1000, 1500]],
  [{ multiplier: 1, maxAttempts: 5 }, [1000]],
])('lists every delay of %o once', (retries, expected) => {
  expect(policyOf(retries).delaysMs()).toEqual(expected);
});

describe('jitter', () => {
  const jittered = (retries: Retries, random: number) => delaysOf(policyOf(retries), failed, () => random);

  test.each<[number, number, (number | undefined)[]]>([
    [0.5, 0, [1000, 10_000, 100_000, undefined, undefined]],
    [0.5, 0.999999, [504, 5136, 50_848]],
    [1, 0.999999, [8, 272, 1696]],
    [0, 0.999999, [1000, 10_000, 100_000]],
  ])('shortens the delays by at most its share %d: random %d', (jitter, random, expected) => {
    expect(jittered({ jitter }, random).slice(0, expected.length)).toEqual(expected);
  });

  test('leaves the delay that a handler asks for', () => {
    const policy = policyOf({ jitter: 1 });
    expect(policy.delayMs(new RetryLater('not yet', { delayMs: 5000 }), 0, () => 0.9)).toBe(5000);
  });

  test('is overridden by a handler', () => {
    const policy = policyOf({ jitter: 1 }, { jitter: 0 });
    expect(policy.delayMs(failed, 0, () => 0.9)).toBe(1000);
  });

  const settings = fc.record({
    maxAttempts: fc.integer({ min: 1, max: 20 }),
    initialDelayMs: fc.integer({ min: 1, max: 2_592_000_000 }),
    multiplier: fc.double({ min: 1, max: 1000, noNaN: true }),
    maxDelayMs: fc.integer({ min: 1, max: 2_592_000_000 }),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test('chooses delays that are prepared at start, whole, and within the share', () => {
    fc.assert(
      fc.property(settings, share, fc.nat(19), (retries, random, attempt) => {
        const earlier = attempt % retries.maxAttempts;
        const longest = policyOf({ ...retries, jitter: 0 }).delayMs(failed, earlier) ?? Number.NaN;
        const policy = policyOf(retries);
        const delay = policy.delayMs(failed, earlier, () => random) ?? Number.NaN;
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeLessThanOrEqual(longest);
        expect(delay).toBeGreaterThanOrEqual(Math.max(1, Math.floor(longest * (1 - retries.jitter))));
        expect(policy.delaysMs()).toContain(delay);
      }),
    );
  });

  test('needs 16 delay queues of RabbitMQ for the default delays, where 10 do without', () => {
    const levels = (retries: Retries) => new Set(policyOf(retries).delaysMs().flatMap(delayLevels)).size;
    expect([levels({}), levels({ jitter: 0.1 }), levels({ jitter: 1 })]).toEqual([10, 16, 16]);
  });

  test('needs few delays: at most 33 for each attempt', () => {
    fc.assert(
      fc.property(settings, (retries) => {
        expect(policyOf(retries).delaysMs().length).toBeLessThanOrEqual(33 * retries.maxAttempts);
      }),
    );
  });
});

test('a delay that is never too large, however many attempts there were', () => {
  const policy = policyOf({ multiplier: 1000, maxAttempts: 1000 });
  expect(policy.delayMs(failed, 999)).toBe(3_600_000);
});

test('a handler says what differs from its service', () => {
  const service = { maxAttempts: 5, initialDelayMs: 10, instant: { maxAttempts: 2, errors: ['ConflictError'] } };
  const policy = policyOf(service, { maxAttempts: 1, instant: { maxAttempts: 1 } });
  expect(delaysOf(policy)).toEqual([10, undefined, undefined, undefined, undefined]);
  expect([0, 1].map((earlier) => policy.isInstant(new ConflictError(), earlier))).toEqual([true, false]);
  expect(policy.isInstant(failed, 0)).toBe(false);
});

test.each([
  ['of littoral that cannot be retried', new LittoralError('payload-refused', 'no')],
  ['that rejects', new Reject('there is no such account')],
  ['that says so of itself', Object.assign(new Error('gone'), { retryable: false })],
])('an error %s is not tried again, now or later', (_, error) => {
  const policy = policyOf({ instant: { maxAttempts: 5 } });
  expect([policy.isInstant(error, 0), policy.delayMs(error, 0)]).toEqual([false, undefined]);
});

test.each([
  ['of littoral that can be retried', new LittoralError('handler-timeout', 'slow')],
  ['that is none', 'a text'],
  ['that is nothing', undefined],
  ['without a prototype', Object.create(null)],
  ['that says nothing of use', Object.assign(new Error('a'), { retryable: 'no' })],
  [
    'that cannot be read',
    new Proxy(new Error('never read'), {
      get: () => {
        throw new Error('not readable');
      },
      has: () => {
        throw new Error('not readable');
      },
      getPrototypeOf: () => {
        throw new Error('not readable');
      },
    }),
  ],
])('an error %s is tried again', (_, error) => {
  expect(policyOf().delayMs(error, 0)).toBe(1000);
  expect(policyOf({ instant: { maxAttempts: 1 } }).isInstant(error, 0)).toBe(true);
  expect(policyOf({ instant: { maxAttempts: 1, errors: ['Other', ConflictError] } }).isInstant(error, 0)).toBe(false);
});

test('a handler that asks for later is not called again at once, but when it said', () => {
  const policy = policyOf({ instant: { maxAttempts: 5 } });
  expect(policy.isInstant(new RetryLater(), 0)).toBe(false);
  expect(delaysOf(policy, new RetryLater())).toEqual([1000, 10_000, 100_000, undefined, undefined]);
  const error = new RetryLater('the ledger is closed', { delayMs: 77 });
  expect(delaysOf(policy, error)).toEqual([77, 77, 77, undefined, undefined]);
});

test('a delay that another copy of littoral let pass is not believed', () => {
  const error = Object.assign(new RetryLater(), { delayMs: Number.NaN });
  expect(policyOf().delayMs(error, 0)).toBe(1000);
});

test.each([0, -1, 1.5, Number.NaN, Infinity, 2_592_000_001])('a retry later cannot be %s ms later', (delayMs) => {
  expect(() => new RetryLater('later', { delayMs })).toThrow(RangeError);
});

test('both keep the reason and the cause', () => {
  const cause = new Error('refused');
  expect(new RetryLater('later', { delayMs: 1, cause })).toMatchObject({ name: 'RetryLater', message: 'later', cause });
  expect(new Reject('never', { cause })).toMatchObject({ name: 'Reject', message: 'never', cause });
});

test.each<[string, ErrorKind, boolean]>([
  ['its class', ConflictError, true],
  ['the name of its class', 'WriteConflictError', true],
  ['the name of a class that it inherits from', 'ConflictError', true],
  ['another class', TypeError, false],
  ['another name', 'TypeError', false],
])('only some errors are tried again at once: %s', (_, kind, expected) => {
  const policy = policyOf({ instant: { maxAttempts: 1, errors: [kind] } });
  expect(policy.isInstant(new WriteConflictError(), 0)).toBe(expected);
});

test('an error is known by its own name, and one of littoral by its code', () => {
  const policy = policyOf({ instant: { maxAttempts: 1, errors: ['OptimisticLock', 'handler-timeout'] } });
  expect(policy.isInstant(Object.assign(new Error('a'), { name: 'OptimisticLock' }), 0)).toBe(true);
  expect(policy.isInstant(new LittoralError('handler-timeout', 'slow'), 0)).toBe(true);
  expect(policy.isInstant(new LittoralError('nacked', 'full'), 0)).toBe(false);
});
