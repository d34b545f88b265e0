import { describe, expect, test } from 'vitest';
import { LittoralError } from '../../src/errors.ts';
import { Header } from '../../src/message/message-headers.ts';
import { thrownBy } from '../caught.ts';
import { commandHeaders, onCommand, runEndpoint } from '../endpoint/endpoint-fixture.ts';

function throwing(error: unknown): () => never {
  return () => {
    throw error;
  };
}

async function deadLetterOf(error: unknown, how: 'throws' | 'rejects' = 'throws') {
  const handle = how === 'throws' ? throwing(error) : () => Promise.reject(error);
  const { send, settled, deadLetters, channel } = await runEndpoint([onCommand(handle)]);
  await send(commandHeaders, '{"a":1}');
  await settled(1);
  expect(channel.verdicts).toEqual(['acknowledged']);
  const [letter] = deadLetters();
  if (letter === undefined) throw new Error('there is no dead letter');
  return letter;
}

class OverdrawnError extends Error {
  override readonly name = 'OverdrawnError';
  readonly code = 42;
}

const unreadable = new Proxy(new Error('never read'), {
  get() {
    throw new Error('not readable');
  },
  has() {
    throw new Error('not readable');
  },
  getPrototypeOf() {
    throw new Error('not readable');
  },
});

const revoked = Proxy.revocable({}, {});
revoked.revoke();

const circular = new AggregateError([], '');
circular.errors.push(circular);

function withGetter(name: 'message' | 'stack' | 'name' | 'code'): Error {
  return Object.defineProperty(new Error('a message'), name, {
    get() {
      throw new Error('not readable');
    },
  });
}

const everything: [string, unknown][] = [
  ['an error', new Error('a message')],
  ['an error of its own class', new OverdrawnError('a message')],
  ['an error of littoral', new LittoralError('broker-unavailable', 'a message')],
  ['a text', 'a message'],
  ['nothing', undefined],
  ['null', null],
  ['a number', 7],
  ['a symbol', Symbol('a message')],
  ['a BigInt', 7n],
  ['a function', () => 'a message'],
  ['a frozen error', Object.freeze(new Error('a message'))],
  ['an error whose message cannot be read', withGetter('message')],
  ['an error whose stack cannot be read', withGetter('stack')],
  ['an error whose name cannot be read', withGetter('name')],
  ['an error whose code cannot be read', withGetter('code')],
  ['an error that cannot be read at all', unreadable],
  ['a proxy that was revoked', revoked.proxy],
  ['an object without a prototype', Object.create(null)],
  ['an object whose text throws', { toString: throwing(new Error('not readable')) }],
  ['an error whose message is an object', Object.assign(new Error(), { message: { a: 1 } })],
  ['an error whose message is a symbol', Object.assign(new Error(), { message: Symbol('a') })],
  ['an error whose stack is a number', Object.assign(new Error('a'), { stack: 7 })],
  ['an error without a stack', Object.assign(new Error('a'), { stack: undefined })],
  ['an error whose name is null', Object.assign(new Error('a'), { name: null })],
  ['an error whose code is a text', Object.assign(new Error('a'), { code: 'ENOENT' })],
  ['an error whose code is infinite', Object.assign(new Error('a'), { code: Infinity })],
  ['an aggregate error that holds itself', circular],
  ['an error with a huge message', new Error('ż'.repeat(1_000_000))],
  ['an error with a huge name', Object.assign(new Error('a'), { name: 'x'.repeat(1_000_000) })],
  [
    'an error with a huge stack',
    Object.assign(new Error('a'), { stack: `Error: a\n${'    at x (/y.ts:1:1)\n'.repeat(100_000)}` }),
  ],
  [
    'an error with one huge frame',
    Object.assign(new Error('a'), { stack: `Error: a\n    at ${'x'.repeat(1_000_000)}` }),
  ],
  ['an error with a message like a huge frame', new Error(`\n    at ${'x:1:'.repeat(250_000)}`)],
  ['an error with lone surrogates', new Error('a\ud800')],
];

describe('what a handler throws becomes a dead letter that any broker can carry', () => {
  for (const how of ['throws', 'rejects'] as const) {
    test.each(everything)(`when it ${how} %s`, async (_, error) => {
      const { headers, body } = await deadLetterOf(error, how);
      expect(Buffer.from(body).toString()).toBe('{"a":1}');
      expect(headers).toMatchObject(commandHeaders);
      expect(headers).toMatchObject({
        [Header.errorClass]: expect.any(String),
        [Header.errorMessage]: expect.any(String),
        [Header.errorStackTrace]: expect.any(String),
        [Header.errorFile]: expect.any(String),
        [Header.errorLine]: expect.any(Number),
        [Header.errorCode]: expect.any(Number),
        [Header.failedEndpoint]: 'change',
        [Header.deadLetterId]: expect.stringMatching(/^[\da-f-]{36}$/),
        [Header.deadLetteredAt]: expect.any(Number),
      });
      for (const value of Object.values(headers)) {
        if (typeof value === 'number') expect(Number.isSafeInteger(value)).toBe(true);
        else expect(String(value).isWellFormed()).toBe(true);
      }
      expect(String(headers[Header.errorClass]).length).toBeLessThanOrEqual(255);
      expect(String(headers[Header.errorMessage]).length).toBeLessThanOrEqual(1024);
      expect(String(headers[Header.errorFile]).length).toBeLessThanOrEqual(1024);
      expect(String(headers[Header.errorStackTrace]).length).toBeLessThanOrEqual(8192);
    });
  }
});

describe('a dead letter says', () => {
  test('what all the causes say, and where each was thrown', async () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });
    const { headers } = await deadLetterOf(new TypeError('fetch failed', { cause }));
    expect(headers[Header.errorClass]).toBe('TypeError');
    expect(headers[Header.errorMessage]).toBe('fetch failed; caused by connect ECONNREFUSED 127.0.0.1:9');
    expect(headers[Header.errorStackTrace]).toMatch(
      /^TypeError: fetch failed\n\s+at [\s\S]+\ncaused by: Error: connect ECONNREFUSED .+\n\s+at .+failing-handlers/,
    );
  });

  test('nothing of what JSON.parse quotes of the payload', async () => {
    const cause = thrownBy(() => JSON.parse('card 4111 1111'));
    const { headers } = await deadLetterOf(new Error('the order is no JSON', { cause }));
    expect(headers[Header.errorMessage]).toBe(
      'the order is no JSON; caused by SyntaxError: the text is not valid JSON',
    );
    expect(headers[Header.errorStackTrace]).not.toContain('4111');
  });

  test('what went wrong, and where', async () => {
    const { headers } = await deadLetterOf(new OverdrawnError('no money left'));
    expect(headers).toMatchObject({
      [Header.errorClass]: 'OverdrawnError',
      [Header.errorMessage]: 'no money left',
      [Header.errorFile]: expect.stringMatching(/failing-handlers\.test\.ts$/),
      [Header.errorCode]: 42,
    });
    expect(headers[Header.errorLine]).toBeGreaterThan(1);
    expect(headers[Header.errorStackTrace]).toMatch(/no money left\n\s+at .+failing-handlers\.test\.ts:\d+:\d+/);
  });

  test('what littoral found, by its code', async () => {
    const { send, settled, deadLetters } = await runEndpoint([onCommand(() => {})]);
    await send(commandHeaders, '{');
    await settled(1);
    expect(deadLetters()[0]?.headers).toMatchObject({
      [Header.errorClass]: 'littoral.malformed-body',
      [Header.errorCode]: 0,
      [Header.failedEndpoint]: 'change',
    });
  });

  test('the name of the class, also of one that gave its errors no name', async () => {
    class WriteConflict extends Error {}
    const { headers } = await deadLetterOf(new WriteConflict('once more'));
    expect(headers[Header.errorClass]).toBe('WriteConflict');
    const anonymous = await deadLetterOf(new (class extends Error {})('once more'));
    expect(anonymous.headers[Header.errorClass]).toBe('Error');
  });

  test('where, also after a message that is longer than all the rest', async () => {
    const { headers } = await deadLetterOf(new Error(`${'x'.repeat(100_000)}\n    at nowhere (/fake.ts:7:7)`));
    expect(headers[Header.errorFile]).toMatch(/failing-handlers\.test\.ts$/);
    expect(headers[Header.errorStackTrace]).toContain('failing-handlers.test.ts');
  });

  test.each([
    ['    at run (/srv/app.ts:12:3)', '/srv/app.ts', 12],
    ['    at /srv/app.ts:12:3', '/srv/app.ts', 12],
    ['    at async run (file:///srv/app.ts:12:3)', 'file:///srv/app.ts', 12],
    ['    at async /srv/app.ts:12:3', '/srv/app.ts', 12],
    ['    at new Bus (C:\\srv\\app.ts:12:3)', 'C:\\srv\\app.ts', 12],
    ['    at run [as handle] (/srv/a b (c)/app.ts:12:3)', '/srv/a b (c)/app.ts', 12],
    ['    at Array.map (<anonymous>)\n    at /srv/app.ts:12:3', '/srv/app.ts', 12],
    ['    at /srv/app.ts:99999999999:3', '', 0],
    ['somewhere', '', 0],
  ])('in which file and line: %j', async (frames, file, line) => {
    const { headers } = await deadLetterOf(Object.assign(new Error('a'), { stack: `Error: a\n${frames}` }));
    expect(headers).toMatchObject({ [Header.errorFile]: file, [Header.errorLine]: line });
  });

  test('which handler failed, and no one when none was found', async () => {
    const { send, settled, deadLetters } = await runEndpoint([onCommand(() => {})]);
    await send({ ...commandHeaders, [Header.routingKey]: 'unknown' });
    await settled(1);
    expect(deadLetters()[0]?.headers).toMatchObject({ [Header.errorClass]: 'littoral.no-handler' });
    expect(deadLetters()[0]?.headers).not.toHaveProperty(Header.failedEndpoint);
  });
});

describe('what the broker noted of an earlier death', () => {
  const death = { count: 1, reason: 'rejected', queue: 'distributed_billing', 'routing-keys': ['billing'] };
  const notes = {
    'x-death': [death],
    'x-first-death-reason': 'rejected',
    'x-first-death-queue': 'distributed_billing',
    'x-first-death-exchange': '',
    'x-last-death-reason': 'rejected',
    'x-delivery-count': 3,
    CC: ['other'],
    BCC: ['another'],
  };

  test('is kept as data, not as headers that would make it drop the message', async () => {
    const { send, settled, deadLetters } = await runEndpoint([onCommand(throwing(new Error('again')))]);
    await send({ ...commandHeaders, ...notes, 'x-tenant': 'kept' });
    await settled(1);
    const { headers } = deadLetters()[0] as { headers: Record<string, unknown> };
    for (const name of Object.keys(notes)) expect(headers).not.toHaveProperty(name);
    expect(headers['x-tenant']).toBe('kept');
    expect(JSON.parse(String(headers[Header.brokerHistory]))).toEqual(notes);
  });

  test('is not made up where there is none', async () => {
    const { headers } = await deadLetterOf(new Error('first'));
    expect(headers).not.toHaveProperty(Header.brokerHistory);
  });
});
