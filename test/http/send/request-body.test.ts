import { describe, expect, test } from 'vitest';
import { exchange } from '../exchange.ts';
import { arrival, expectProblem, openGateway, openQueue, post, sharedGateway } from '../gateway-fixture.ts';

const json = 'application/json';

describe('a body', () => {
  test.each<[string, string, string | Uint8Array]>([
    ['JSON with odd whitespace', json, ' \r\n\t{ "b" : 1 ,\n"a":[ ] } \n'],
    ['a number beyond what JavaScript can hold', json, '{"n":12345678901234567890.10,"e":1E400,"z":-0.0}'],
    ['escaped unicode', json, '"\\u00fc\\ud83d\\ude00\\ud800\\/"'],
    ['a repeated key', json, '{"a":1,"a":2}'],
    ['a key that every object has', json, '{"__proto__":{"a":1},"constructor":null}'],
    ['a JSON scalar', json, 'null'],
    ['JSON nested without end', json, `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['JSON with a charset', 'application/json;charset=utf-8', '"\u00fc"'],
    ['JSON with a charset that it cannot have', 'application/json;charset=utf-16', '"\u00fc"'],
    ['JSON behind a byte order mark', json, '\ufeff{"a":1}'],
    ['JSON by its suffix', 'application/vnd.api+json', '{"a":1}'],
    ['bytes', 'application/octet-stream', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
    ['text that is not UTF-8', 'text/plain;charset=latin1', Uint8Array.of(0xfc)],
    ['text that is not what it says', 'text/plain', Uint8Array.of(0xff, 0xfe)],
    ['a form', 'application/x-www-form-urlencoded', 'b=1&a=%zz&b=2'],
    ['XML that is not XML', 'application/xml', '<a><b></a>'],
    ['a media type that nobody knows', 'application/vnd.acme.thing;v="1;2"', 'whatever'],
    ['nothing', 'application/octet-stream', ''],
    ['nothing as text', 'text/plain', ''],
  ])('%s arrives as it came', async (_what, contentType, body) => {
    const message = await arrival(await sharedGateway(), { headers: { 'content-type': contentType }, body });
    expect(Buffer.from(message.body)).toEqual(Buffer.from(body));
    expect(message.headers).toMatchObject({ contentType });
  });

  test.each([
    ['Application/JSON', 'application/json'],
    ['application/json ; Charset=UTF-8', 'application/json;charset=UTF-8'],
    ['text/json', 'application/json'],
    ['application/vnd.api+json', 'application/vnd.api+json'],
  ])('of type %s arrives as %s', async (given, contentType) => {
    const message = await arrival(await sharedGateway(), { headers: { 'content-type': given }, body: '{"a":1}' });
    expect(message.headers).toMatchObject({ contentType });
  });

  test.each(['*/*', 'application/*', 'multipart/form-data; boundary="x y"', 'Multipart/Mixed'])(
    'of type %s is refused, as is conversion to it',
    async (type) => {
      const gateway = await sharedGateway();
      const messages = openQueue(gateway, 'billing');
      const asked: Record<string, string>[] = [
        { 'content-type': type },
        { 'content-type': json, 'message-content-type': type },
      ];
      for (const headers of asked) {
        expectProblem(await post(gateway, { headers, body: '{}' }), 'unsupported-media-type');
      }
      expect(messages()).toEqual([]);
    },
  );

  test('as large as the limit arrives', async () => {
    const gateway = await openGateway({ http: { bodyLimit: 1000 } });
    expect((await arrival(gateway, { body: 'x'.repeat(1000) })).body).toHaveLength(1000);
  });

  test('in chunks arrives whole', async () => {
    const gateway = await sharedGateway();
    const messages = openQueue(gateway, 'chunks', ['chunks']);
    const head =
      'POST /events/chunks HTTP/1.1\nHost: localhost\nContent-Type: text/plain\nTransfer-Encoding: Chunked\n\n';
    await exchange(gateway, `${head}3\nabc\n4\ndefg\n0\n\n`);
    expect(messages().map(({ body }) => Buffer.from(body).toString())).toEqual(['abcdefg']);
  });
});

describe('no body at all', () => {
  test('is an empty text', async () => {
    const message = await arrival(await sharedGateway());
    expect(message.body).toHaveLength(0);
    expect(message.headers).toMatchObject({ contentType: 'text/plain' });
  });

  test.each(['Content-Length: 0', 'X-Nothing: 1', 'Transfer-Encoding: chunked'])(
    'is an empty text as %s',
    async (line) => {
      const gateway = await sharedGateway();
      const messages = openQueue(gateway, 'empty', ['empty']);
      const end = line.startsWith('Transfer') ? '0\n\n' : '';
      await exchange(gateway, `POST /events/empty HTTP/1.1\nHost: localhost\n${line}\n\n${end}`);
      expect(messages()).toMatchObject([{ headers: { contentType: 'text/plain' } }]);
    },
  );
});

describe('JSON', () => {
  const broken: [string, string | Uint8Array][] = [
    ['nothing', ''],
    ['whitespace alone', ' \n'],
    ['a word', 'hello'],
    ['an open object', '{"a":1'],
    ['two values', '{}{}'],
    ['a trailing comma', '[1,]'],
    ['a comment', '{}//'],
    ['single quotes', "{'a':1}"],
    ['a bare NaN', 'NaN'],
    ['a control character in a text', '"a\nb"'],
    ['two byte order marks', '\ufeff\ufeff{}'],
    ['UTF-16 behind a byte order mark', Buffer.from('\ufeff{}', 'utf16le')],
    ['bytes that are not UTF-8', Uint8Array.of(0x22, 0xfc, 0x22)],
    ['UTF-16', Buffer.from('"a"', 'utf16le')],
  ];

  describe.each([json, 'application/json; charset=utf-8', 'text/json', 'application/problem+json'])(
    'of type %s',
    (type) => {
      test.each(broken)('is rejected if it is %s', async (_issue, body) => {
        const gateway = await sharedGateway();
        const messages = openQueue(gateway, 'billing');
        expectProblem(await post(gateway, { headers: { 'content-type': type }, body }), 'malformed-body');
        expect(messages()).toEqual([]);
      });
    },
  );

  test('without any body is refused', async () => {
    const headers = { 'content-type': json };
    expectProblem(await post(await sharedGateway(), { headers }), 'malformed-body');
  });

  test('is not quoted in the problem if it is broken, because it may hold secrets', async () => {
    const headers = { 'content-type': json };
    for (const body of ['{"password":"hunter2",}', 'hunter2', '{"password":hunter2}', '["hunter2"']) {
      expect((await post(await sharedGateway(), { headers, body })).body).not.toContain('hunter2');
    }
  });
});

describe('a content type', () => {
  test.each([
    ['without a slash', 'text'],
    ['of a slash alone', '/'],
    ['without a subtype', 'text/'],
    ['without a type', '/plain'],
    ['of garbage', '\u00a7\u00a7\u00a7'],
    ['with spaces', 'text / plain'],
    ['of two', 'text/plain, text/csv'],
    ['with a broken parameter', 'text/plain; charset'],
    ['with an open quotation', 'text/plain; charset="utf'],
    ['longer than 255 bytes', `text/${'x'.repeat(251)}`],
    ['that every object has', '__proto__'],
    ['that is empty', ''],
  ])('%s is refused', async (_issue, type) => {
    const gateway = await sharedGateway();
    const messages = openQueue(gateway, 'billing');
    const response = await post(gateway, { headers: { 'content-type': type }, body: 'x' });
    expectProblem(response, 'unsupported-media-type');
    expect(messages()).toEqual([]);
  });

  test('is needed for a body', async () => {
    const answer = await exchange(
      await sharedGateway(),
      'POST /events/a HTTP/1.1\nHost: localhost\nContent-Length: 1\n\na',
    );
    expectProblem(answer, 'unsupported-media-type');
  });

  test('is needed for a body in chunks', async () => {
    const head = 'POST /events/a HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n\n';
    expectProblem(await exchange(await sharedGateway(), `${head}1\na\n0\n\n`), 'unsupported-media-type');
  });
});

describe('an encoding', () => {
  test.each(['gzip', 'br', 'identity', 'whatever', ''])('of the content, %j, is refused', async (encoding) => {
    const headers = { 'content-encoding': encoding, 'content-type': 'text/plain' };
    expectProblem(await post(await sharedGateway(), { headers, body: 'x' }), 'unsupported-media-type');
  });

  test('of the content is refused without a body as well', async () => {
    expectProblem(
      await post(await sharedGateway(), { headers: { 'content-encoding': 'gzip' } }),
      'unsupported-media-type',
    );
  });

  test('of the transfer is refused, for the body would arrive compressed and unmarked', async () => {
    const gateway = await sharedGateway();
    const messages = openQueue(gateway, 'billing', ['*']);
    const request =
      'POST /events/a HTTP/1.1\nHost: localhost\nContent-Type: text/plain\nTransfer-Encoding: gzip, chunked\n\n1\na\n0\n\n';
    expectProblem(await exchange(gateway, request), 'unsupported-media-type');
    expect(messages()).toEqual([]);
  });
});

describe('a body over the limit', () => {
  const config = { http: { bodyLimit: 1000 } };
  const head = 'POST /events/a HTTP/1.1\nHost: localhost\nContent-Type: text/plain\n';

  test('is refused', async () => {
    expectProblem(await post(await openGateway(config), { body: 'x'.repeat(1001) }), 'body-too-large');
  });

  test('is refused by its announced length, before it comes', async () => {
    const answer = await exchange(await openGateway(config), `${head}Content-Length: 1001\n\n`);
    expectProblem(answer, 'body-too-large');
  });

  test('is refused in chunks as soon as it is over', async () => {
    const request = `${head}Transfer-Encoding: chunked\n\n3e9\n${'x'.repeat(1001)}\n`;
    expectProblem(await exchange(await openGateway(config), request), 'body-too-large');
  });

  test('counts in bytes', async () => {
    expectProblem(await post(await openGateway(config), { body: '\u00fc'.repeat(501) }), 'body-too-large');
  });
});
