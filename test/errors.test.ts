import { describe, expect, test } from 'vitest';
import { type ErrorCode, errorMessage, errorTable, isLittoralError, LittoralError } from '../src/errors.ts';

const rows = Object.entries(errorTable) as [ErrorCode, LittoralError['kind']][];

describe('the table of errors', () => {
  test.each(rows)('has a sound row for %s', (code, { status, retryable, title, retryAfterSeconds, outcome }) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).toMatch(/^[A-Z].*[^.]$/);
    if (retryAfterSeconds !== undefined) expect(retryable).toBe(true);
    // Whoever may have the message already must not be told that nothing was sent.
    if (status === 504) expect(outcome).toBe('unknown');
  });

  test('says when to repeat a request wherever it says that it is too busy', () => {
    const busy = rows.filter(([, { status, retryable }]) => retryable && (status === 429 || status === 503));
    expect(busy.filter(([, { retryAfterSeconds }]) => retryAfterSeconds === undefined)).toEqual([]);
  });

  test('gives no two errors the same title', () => {
    const titles = rows.map(([, { title }]) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });
});

describe('an error of littoral', () => {
  test('is what its row says', () => {
    const cause = new Error('of the cause');
    const issues = [{ path: '/a', message: 'must be string' }];
    const error = new LittoralError('nacked', 'where, what, what to do', { cause, messageId: '1', issues });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'LittoralError',
      code: 'nacked',
      message: 'where, what, what to do',
      status: 503,
      retryable: true,
      outcome: 'unknown',
      messageId: '1',
      issues,
      cause,
    });
  });

  test('says that nothing was sent, unless its row says otherwise', () => {
    expect(new LittoralError('invalid-header', 'x').outcome).toBe('not-accepted');
  });

  test('has no cause where there is none', () => {
    expect(new LittoralError('invalid-header', 'x', { cause: undefined })).not.toHaveProperty('cause');
  });

  test('is recognised, also from another copy of the package', () => {
    expect(isLittoralError(new LittoralError('no-handler', 'x'))).toBe(true);
    expect(isLittoralError({ [Symbol.for('littoral.error')]: true, code: 'no-handler' })).toBe(true);
  });

  test.each([undefined, null, 'LittoralError', 7, {}, [], new Error('x'), { name: 'LittoralError', code: 'nacked' }])(
    'is nothing else: %s',
    (value) => {
      expect(isLittoralError(value)).toBe(false);
    },
  );
});

describe('the message of what was thrown', () => {
  test.each<[unknown, string]>([
    [new Error('of the error'), 'of the error'],
    [new Error(''), ''],
    ['a text', 'a text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [7n, '7'],
    [Symbol('a'), 'Symbol(a)'],
    [{ message: 'not an error' }, 'not an error'],
    [{ card: '4111 1111' }, 'an object without a message (the fields card)'],
    [new AggregateError([new Error('one'), 'two'], ''), 'one; two'],
    [new AggregateError([new Error('one')], 'all of them'), 'all of them'],
  ])('%s', (error, message) => {
    expect(errorMessage(error)).toBe(message);
  });

  const unreadable = Proxy.revocable({}, {});
  unreadable.revoke();

  test.each<[string, unknown]>([
    ['has no text', Object.create(null)],
    ['has a text that throws', { toString: () => expect.unreachable() }],
    ['has a message that throws', Object.defineProperty(new Error(), 'message', { get: () => expect.unreachable() })],
    ['has a message that is no text', Object.assign(new Error(), { message: Symbol('a') })],
    ['cannot be read', unreadable.proxy],
  ])('is a text even when it %s', (_, error) => {
    expect(errorMessage(error)).toBeTypeOf('string');
  });
});
