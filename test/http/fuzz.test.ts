import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ErrorCode, errorTable } from '../../src/errors.ts';
import { exchangeAll, openSocket } from './exchange.ts';
import { expectProblem, openGateway, openQueue, post } from './gateway-fixture.ts';

const config = { http: { forwardHeaders: { 'x-tenant': 'tenant' }, idempotencyScopeHeader: 'x-tenant' } };

const known = [
  'content-type',
  'content-encoding',
  'message-content-type',
  'message-headers',
  'message-id',
  'idempotency-key',
  'message-correlation-id',
  'message-time-to-live',
  'message-priority',
  'message-delay',
  'message-header-',
  'traceparent',
  'baggage',
  'prefer',
  'origin',
  'host',
  'sec-fetch-site',
  'x-tenant',
];

const mediaTypes = [
  'application/json',
  'text/plain',
  'application/xml',
  'application/x-www-form-urlencoded',
  'application/octet-stream',
  'application/vnd.a+json',
  'application/vnd.a+xml',
  'text/plain; charset=utf-16le',
  'text/csv',
];

const token = fc.string({
  unit: fc.constantFrom(...'abcxyzABCXYZ0123456789-_.!#$%&*+^`|~'),
  minLength: 1,
  maxLength: 24,
});
// What Node lets through in a value, each character a byte.
const bytes = fc.string({
  unit: fc
    .integer({ min: 0x20, max: 0xff })
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const json = fc
  .json({ noUnicodeString: false, depthSize: 'small' })
  .map((text) => Buffer.from(text).toString('latin1'));
const value = fc.oneof(bytes, json, fc.constantFrom(...mediaTypes), fc.integer().map(String), fc.uuid(), token);
const name = fc.oneof(
  fc.constantFrom(...known),
  token.map((rest) => `message-header-${rest}`),
  token.filter((text) => !/^(__proto__|content-length|transfer-encoding|connection|upgrade|expect)$/i.test(text)),
);
const headers = fc.dictionary(
  name,
  fc.oneof({ weight: 9, arbitrary: value }, fc.array(value, { minLength: 2, maxLength: 2 })),
  {
    maxKeys: 6,
    noNullPrototype: true,
  },
);
const body = fc.oneof(
  fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array)),
  fc.json().map((text) => Buffer.from(text)),
  fc.constantFrom('a=1&b=2', '<a><b>1</b></a>', '', '{"a":1}').map((text) => Buffer.from(text)),
);
const key = fc.oneof(
  fc
    .string({ unit: 'binary', maxLength: 20 })
    .filter((text) => text.isWellFormed())
    .map(encodeURIComponent),
  fc.constantFrom('billing', 'a.b', '%', '%ff', '..', '*', ''),
);
const url = fc.oneof(
  fc.tuple(key, key).map(([destination, routingKey]) => `/commands/${destination}/${routingKey}`),
  key.map((routingKey) => `/events/${routingKey}`),
  fc.tuple(key, key).map(([destination, channel]) => `/messages/${destination}/${channel}`),
);

const codes = (Object.keys(errorTable) as ErrorCode[]).filter((code) => errorTable[code].status < 500);

function expectReceiptOrProblem(response: Parameters<typeof expectProblem>[0]): void {
  const answer = JSON.parse(response.body);
  if (response.statusCode === 202) expect(answer).toMatchObject({ messageId: response.headers['message-id'] });
  else expect(codes).toContain(expectProblem(response, answer.code).code);
}

describe('whatever comes', () => {
  test('is answered with a receipt or a problem of the caller', async () => {
    const { app } = await openGateway(config);
    await fc.assert(
      fc.asyncProperty(url, headers, body, async (path, fields, payload) => {
        const request = { method: 'POST', url: path, headers: fields as Record<string, string>, payload } as const;
        expectReceiptOrProblem(await app.inject(request));
      }),
      { numRuns: 1000 },
    );
  });

  test('is converted, or a problem of the caller', async () => {
    const { app } = await openGateway();
    const mediaType = fc.constantFrom(...mediaTypes);
    await fc.assert(
      fc.asyncProperty(mediaType, mediaType, body, async (source, target, payload) => {
        const fields = { 'content-type': source, 'message-content-type': target };
        expectReceiptOrProblem(await app.inject({ method: 'POST', url: '/events/a', headers: fields, payload }));
      }),
      { numRuns: 1000 },
    );
  });

  test('on a real connection is answered with what HTTP clients can read, or not at all', async () => {
    const gateway = await openGateway();
    const line = fc.oneof(
      fc.tuple(name, bytes).map(([field, text]) => `${field}: ${text}`),
      bytes,
      fc.constantFrom('Host: localhost', 'Content-Length: 1', 'Transfer-Encoding: chunked', 'Content-Type: text/plain'),
    );
    await fc.assert(
      fc.asyncProperty(url, fc.array(line, { maxLength: 6 }), bytes, async (path, lines, rest) => {
        const head = [`POST ${path} HTTP/1.1`, 'Connection: close', ...lines].join('\n');
        // The second request ends what the first one may have left open.
        const answers = await exchangeAll(gateway, `${head}\n\n${rest}\n0\n\nGET\n\n`);
        for (const { statusCode, headers: fields, body: text } of answers) {
          if (statusCode === 202) continue;
          expect(statusCode).toBeLessThan(500);
          expect(fields['content-type']).toBe('application/problem+json');
          expect(JSON.parse(text)).toMatchObject({ status: statusCode });
        }
      }),
      { numRuns: 200 },
    );
  });

  test('is not sent if it breaks off in the middle, and the next request is', async () => {
    const gateway = await openGateway();
    const messages = openQueue(gateway, 'billing');
    const head = 'POST /commands/billing/change HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n';
    const whole = Buffer.from(`${head}Message-Priority: 7\r\nContent-Length: 5\r\n\r\nhello`);
    const pieces = fc.array(fc.integer({ min: 1, max: whole.length - 1 }), { minLength: 1, maxLength: 4 });
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(pieces, fc.boolean(), async (cuts, isReset) => {
        const socket = await openSocket(gateway);
        let from = 0;
        for (const to of cuts.toSorted((one, other) => one - other)) {
          await new Promise((resolve) => socket.write(whole.subarray(from, to), resolve));
          from = to;
        }
        if (isReset) socket.resetAndDestroy();
        else socket.destroy();
        expect((await post(gateway)).statusCode).toBe(202);
        sent += 1;
        expect(messages()).toHaveLength(sent);
      }),
      { numRuns: 100 },
    );
  });
});
