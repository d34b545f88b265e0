import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { LittoralError } from '../../src/errors.ts';
import { classOf, errorFields, errorStack, errorText } from '../../src/text/error-chain.ts';

class OverdrawnError extends Error {}

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });
const fetchFailed = new TypeError('fetch failed', { cause: refused });
const throwing = () => {
  throw new Error('not readable');
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();

/** An error with so many causes, the root last. */
function chainOf(length: number): Error {
  let error = new Error('the root');
  for (let index = 1; index < length; index++) error = new Error(`level ${index}`, { cause: error });
  return error;
}

function cycle(): Error {
  const first: Error = new Error('first');
  first.cause = new TypeError('second', { cause: first });
  return first;
}

describe('the text of an error', () => {
  test.each<[string, unknown, string]>([
    ['names its cause', fetchFailed, 'fetch failed; caused by connect ECONNREFUSED 127.0.0.1:9'],
    [
      'names every cause in its order, with its class',
      new Error('no rate', { cause: new OverdrawnError('no money', { cause: fetchFailed }) }),
      'no rate; caused by OverdrawnError: no money; caused by TypeError: fetch failed; caused by connect ECONNREFUSED 127.0.0.1:9',
    ],
    ['ends where a chain bites its tail', cycle(), 'first; caused by TypeError: second'],
    ['names a cause that is a text', new Error('a', { cause: 'out of paper' }), 'a; caused by out of paper'],
    ['leaves out a cause that is null', new Error('a', { cause: null }), 'a'],
    ['leaves out a cause that is a method', Object.assign(new Error('a'), { cause: throwing }), 'a'],
    [
      'names the errors of an aggregate',
      new AggregateError([new OverdrawnError('one'), new Error('two', { cause: refused }), 3], 'all failed'),
      'all failed [OverdrawnError: one; two; caused by connect ECONNREFUSED 127.0.0.1:9; 3]',
    ],
    ['names the errors of an aggregate without a message', new AggregateError([refused]), refused.message],
    [
      'says how many errors an aggregate has',
      new AggregateError([1, 2, 3, 4, 5, 6], 'a'),
      'a [1; 2; 3; 4; and 2 more]',
    ],
    [
      'leaves out a list of errors that holds something else',
      Object.assign(new Error('refused'), { errors: [{ value: 'a payload' }] }),
      'refused',
    ],
    [
      'names the code and the call of a system error whose message does not',
      Object.assign(new Error('it failed'), { code: 'ECONNRESET', syscall: 'read', errno: -104 }),
      'it failed (code ECONNRESET, syscall read)',
    ],
    [
      'names a number where there is no code',
      Object.assign(new Error('it failed'), { errno: -104 }),
      'it failed (code -104)',
    ],
    ['leaves out the number that a dead letter has a header for', Object.assign(new Error('a'), { code: 42 }), 'a'],
    [
      'leaves out the old number of a DOMException',
      new Error('a', { cause: new DOMException('b', 'AbortError') }),
      'a; caused by AbortError: b',
    ],
    [
      'names the class of a cause without a message',
      new Error('a', { cause: new OverdrawnError() }),
      'a; caused by OverdrawnError',
    ],
    ['is never empty', new Error(''), 'an error without a message'],
    ['reads an object with a message', { message: 'not an error', cause: 'a' }, 'not an error; caused by a'],
    [
      'names the fields of an object without a message, not their values',
      { code: 'E_CARD', status: 402, card: '4111 1111' },
      'an object without a message (code E_CARD, status 402, the fields card)',
    ],
    ['describes a list', ['a payload'], 'a list of 1 values'],
    ['describes a function, not its source', function pay() {}, "a function 'pay'"],
    ['describes a promise', Promise.resolve('a payload'), 'a promise, which nothing awaited'],
    [
      'says that it cannot be read',
      {
        get message() {
          return throwing();
        },
      },
      'an error that cannot be read',
    ],
    [
      'says that a cause cannot be read',
      new Error('a', { cause: revoked.proxy }),
      'a; caused by unknown: an error that cannot be read',
    ],
    ['does not read a cause that throws', Object.defineProperty(new Error('a'), 'cause', { get: throwing }), 'a'],
    [
      'does not repeat what it quotes',
      new Error(`cannot be loaded: ${refused.message}.`, { cause: refused }),
      `cannot be loaded: ${refused.message}.`,
    ],
    [
      'has no full stop before a cause',
      new LittoralError('nacked', 'It failed.', { cause: refused }),
      `It failed; caused by ${refused.message}`,
    ],
  ])('%s', (_, error, text) => {
    expect(errorText(error)).toBe(text);
  });

  test('keeps the beginning and the root of a long chain', () => {
    expect(errorText(chainOf(1_000))).toBe(
      'level 999; caused by level 998; caused by level 997; caused by level 996; caused by level 995; ' +
        'caused, 993 causes further on, by level 1; caused by the root',
    );
  });

  test('ends where a getter makes a new cause each time', () => {
    const endless = {
      message: 'again',
      get cause() {
        return Object.create(endless, {});
      },
    };
    expect(errorText(endless).length).toBeLessThanOrEqual(1024);
  });

  test('keeps the root however long the messages are', () => {
    const error = new Error('x'.repeat(1e6), { cause: new Error('y'.repeat(1e6), { cause: new Error('the root') }) });
    expect(errorText(error)).toMatch(/^x+…; caused by y+…; caused by the root$/);
    expect(errorText(error).length).toBeLessThanOrEqual(1024);
    expect(errorStack(error)).toContain('the root');
    expect(errorStack(error).length).toBeLessThanOrEqual(8192);
  });

  test('holds no password of a cause', () => {
    const error = new Error('no broker', { cause: new Error('cannot use amqp://littoral:hunter2@broker/vhost') });
    expect([errorText(error), errorStack(error), JSON.stringify(errorFields(error))].join()).not.toContain('hunter2');
  });

  test('is bounded and well-formed, whatever is thrown', () => {
    const thrown = fc.anything({ withBigInt: true, withNullPrototype: true, withObjectString: true });
    const errors = fc
      .tuple(thrown, thrown, fc.string({ unit: 'binary', maxLength: 2_000 }))
      .map(([cause, inner, message]) => new AggregateError([inner, cause], message, { cause }));
    fc.assert(
      fc.property(fc.oneof(thrown, errors), (error) => {
        for (const text of [errorText(error), errorStack(error), classOf(error)]) {
          expect(text.isWellFormed()).toBe(true);
          expect(text.length).toBeLessThanOrEqual(8192);
        }
        expect(errorText(error)).not.toBe('');
        expect(errorText(error).length).toBeLessThanOrEqual(1024);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the stack of an error', () => {
  test('holds those of its causes', () => {
    expect(errorStack(fetchFailed)).toMatch(
      /^TypeError: fetch failed\n\s+at .+error-chain\.test\.ts.+\n[\s\S]*\ncaused by: Error: connect ECONNREFUSED .+\n\s+at .+error-chain\.test\.ts/,
    );
  });

  test('holds those of the errors of an aggregate', () => {
    expect(errorStack(new AggregateError([new OverdrawnError('one'), 'two']))).toMatch(
      /\nerror 1 of 2: Error: one\n[\s\S]*\nerror 2 of 2: two$/,
    );
  });

  test('names a cause that has none', () => {
    expect(errorStack(new Error('a', { cause: 'b' }))).toMatch(/\ncaused by: b$/);
  });
});

describe('an error in a log line', () => {
  test('holds nothing of its own fields but the code', () => {
    const error = Object.assign(new Error('it failed', { cause: refused }), {
      code: 'E',
      request: { token: 'a secret' },
    });
    expect(errorFields(error)).toEqual({
      type: 'Error',
      message: `it failed (code E); caused by ${refused.message}`,
      code: 'E',
      stack: expect.stringContaining('caused by: Error: connect'),
    });
  });
});

test('the fields of an error keep its class in the logger of a host with serializers of its own', () => {
  const lines: { err: object }[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  logger.warn({ err: errorFields(new RangeError('too far')) }, 'failed');
  expect(lines[0]?.err).toMatchObject({ type: 'RangeError', message: 'too far' });
});
