import { createServer } from 'node:net';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ApplicationAway, ApplicationError } from '../../src/delivery/application-error.ts';
import type { Answer } from '../../src/delivery/http-exchange.ts';
import { failureOf } from '../../src/delivery/outcome.ts';
import { retryHint } from '../../src/handler/retry-hint.ts';
import { longestDelayMs } from '../../src/message/limits.ts';
import { anyText } from '../arbitraries.ts';
import { eventually } from '../broker/eventually.ts';
import { post, runGateway } from '../flow/gateway-fixture.ts';

const httpDate = fc.date({ noInvalidDate: true }).map((date) => date.toUTCString());
const retryAfter = fc.oneof(
  fc.constantFrom('0', '1', '-1', '1e9', ' 7 ', '0x10', '999999999999999', '9'.repeat(400), 'soon', '', '1.5', '+5'),
  fc.constantFrom('Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'),
  fc.constantFrom('Tue, 30 Feb 2027 25:61:61 GMT', '2027-01-01', 'Fri, 31 Dec 9999 23:59:59 GMT'),
  fc.nat().map(String),
  httpDate,
  anyText,
);
const outcome = fc.oneof(fc.constantFrom('done', 'retry', 'reject', ' DONE ', 'rejected', '', 'done, retry'), anyText);
const members = fc.record(
  {
    title: fc.oneof(anyText, fc.jsonValue()),
    detail: fc.oneof(anyText, fc.constant('x'.repeat(100_000))),
    code: fc.oneof(fc.integer(), fc.double(), anyText, fc.jsonValue()),
    retryable: fc.oneof(fc.boolean(), fc.constantFrom('true', 1, null)),
    status: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  members.map((one) => JSON.stringify(one)),
  fc.json(),
  anyText,
  fc.constant('['.repeat(60_000)),
);
const contentType = fc.oneof(
  fc.constantFrom(
    'application/problem+json',
    'application/problem+json; charset=latin1',
    'APPLICATION/PROBLEM+JSON',
    'x',
  ),
  anyText,
);
const repeated = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof(
    value,
    fc.tuple(value, value).map((pair) => [...pair]),
  );
const answer: fc.Arbitrary<Answer> = fc.record({
  status: fc.integer({ min: 200, max: 999 }),
  headers: fc.record(
    {
      'retry-after': repeated(retryAfter),
      'message-outcome': repeated(outcome),
      'content-type': repeated(contentType),
    },
    { requiredKeys: [] },
  ),
  body: body.map((text) => Buffer.from(text).subarray(0, 65_536)),
});

describe('any answer of an application', () => {
  test('has one meaning, with a bounded text and a bounded delay', () => {
    const now = Date.parse('2026-12-01T09:00:00Z');
    fc.assert(
      fc.property(answer, (given) => {
        const failure = failureOf(given, now);
        const own = given.headers['message-outcome'];
        if (given.status < 300 && own === undefined) expect(failure).toBeUndefined();
        if (failure === undefined) return;
        expect(failure.message.length).toBeLessThan(3_000);
        if (failure instanceof ApplicationAway) {
          expect([502, 503]).toContain(given.status);
          return;
        }
        expect(failure).toBeInstanceOf(ApplicationError);
        const { retryable, delayMs = 1 } = retryHint(failure);
        expect(retryable ?? true).toBe((failure as ApplicationError).retryable);
        expect(delayMs >= 1 && delayMs <= longestDelayMs && Number.isInteger(delayMs)).toBe(true);
        expect(Number.isSafeInteger((failure as ApplicationError).code)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

/** Pieces of answers, as bytes: what no server should write. */
const line = fc.oneof(
  fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.1 99999 X', 'HTTP/9.9 200 OK', 'HTTP/1.1 100 Continue', 'HTTP/1.1 204'),
  fc.constantFrom(
    'content-length: 5',
    'content-length: -1',
    'content-length: 99999999999999999999',
    'content-length: 5, 6',
  ),
  fc.constantFrom('transfer-encoding: chunked', 'transfer-encoding: gzip', 'connection: close', 'connection: upgrade'),
  fc.constantFrom('upgrade: h2c', 'set-cookie: a', 'x: ', ': x', ' folded', 'Message-Outcome: retry', 'Retry-After: 1'),
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 40 }),
  fc.integer({ min: 100, max: 999 }).map((status) => `HTTP/1.1 ${status} X`),
);
const written = fc.array(line, { maxLength: 6 }).map((lines) => `${lines.join('\r\n')}\r\n\r\n`);

describe('bytes that are no answer', () => {
  test('lose no message, and the next one is handled', async () => {
    const samples = [...fc.sample(written, 60), '', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab'];
    let answers = [...samples];
    const ids = new Set<string>();
    const server = createServer((socket) => {
      socket.on('error', () => {});
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
        if (!text.endsWith('{"n":7}')) return;
        ids.add(/message-id: (\S+)/i.exec(text)?.[1] ?? '');
        text = '';
        const next = answers.shift();
        if (next === undefined) socket.write('HTTP/1.1 204 No Content\r\n\r\n');
        else socket.end(Buffer.from(next, 'latin1'));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const gateway = await runGateway({
      service: 'billing',
      application: { url: `http://127.0.0.1:${port}`, commands: ['pay'], timeoutMs: 5_000 },
      retries: { maxAttempts: 200, initialDelayMs: 1, multiplier: 1 },
    });
    const count = 20;
    for (let sent = 0; sent < count; sent++) {
      expect((await post(gateway, '/commands/billing/pay', { n: 7 })).status).toBe(202);
    }
    // Refusals are dead letters at once; everything else is tried again until it is handled.
    await eventually(() => expect(answers).toEqual([]), { timeoutMs: 30_000 });
    await eventually(() => expect(gateway.unacknowledged()).toEqual([]), { timeoutMs: 30_000 });
    answers = [];
    expect((await post(gateway, '/commands/billing/pay', { n: 7 })).status).toBe(202);
    await eventually(() => expect(gateway.unacknowledged()).toEqual([]), { timeoutMs: 30_000 });
    const state = (await (await fetch(`${gateway.address}/endpoints`)).json()) as { applications: { state: string }[] };
    expect(state.applications[0]?.state).not.toBe('away');
    await eventually(() => expect(ids.size).toBe(count + 1));
  });
});
