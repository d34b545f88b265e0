import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { defineCommandHandler, payload } from '../../../src/index.ts';
import { Header } from '../../../src/message/message-headers.ts';
import { expectProblem, openGateway, openQueue, post, sharedGateway } from '../gateway-fixture.ts';

interface Sending {
  readonly headers?: Record<string, string>;
  readonly config?: Config;
}

const command = { kind: 'command', destination: 'billing', routingKey: 'billing.change' };
const event = { kind: 'event', routingKey: 'order.placed' };

/** Posts a batch. Returns the answer, and the messages that arrived. */
async function send(body: string | Uint8Array, { headers = {}, config }: Sending = {}) {
  const gateway = await (config ? openGateway(config) : sharedGateway());
  const arrived = openQueue(gateway, 'billing', ['billing', 'order.#']);
  const request = { url: '/batch', headers: { 'content-type': 'application/json', ...headers }, body };
  const response = await post(gateway, request);
  const messages = arrived();
  return { response, messages, bodies: messages.map((message) => Buffer.from(message.body).toString()) };
}

const sendEntries = (entries: readonly unknown[], sending?: Sending) => send(JSON.stringify({ entries }), sending);
const sendLines = (body: string | Uint8Array, { headers, ...more }: Sending = {}) =>
  send(body, { headers: { 'content-type': 'application/x-ndjson', ...headers }, ...more });

/** The issues of the only result. */
async function issuesOf(entry: unknown, sending?: Sending) {
  const { response, messages } = await sendEntries([entry], sending);
  expect(messages).toEqual([]);
  const [{ code, errors }] = response.json().results;
  return { status: response.statusCode, code, errors };
}

describe('POST /batch', () => {
  test('sends all entries in their order, with a receipt for each', async () => {
    const entries = [
      { ...command, payload: { n: 1 } },
      { ...event, payload: { n: 2 } },
      { kind: 'message', destination: 'billing', routingKey: 'invoices', payload: { n: 3 } },
    ];
    const { response, messages, bodies } = await sendEntries(entries);
    expect(response.statusCode).toBe(202);
    expect(bodies).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    expect(messages.map(({ headers }) => headers[Header.payloadType])).toEqual(['command', 'event', 'message']);
    expect(response.json()).toEqual({
      channel: 'in-memory',
      results: messages.map(({ headers: { id, correlationId } }, index) => {
        return { index, status: 202, messageId: id, correlationId, routed: true };
      }),
    });
  });

  test('sends each payload byte for byte as it is written', async () => {
    const payloads = [
      '12345678901234567890',
      '{ "a" : 1.10 , "a":2, "__proto__": {"x":1},\t"ü": "\\u00fc\\/" }',
      '[1e400,-0,0.1E+2]',
      'null',
      '"te\\"xt}]"',
      '[]',
    ];
    const entry = (text: string) => `{"payload":${text},"kind":"event","routingKey":"order.placed"}`;
    const { response, bodies } = await send(` { "entries" : [ ${payloads.map(entry).join(' ,\r\n')} ] } `);
    expect(response.statusCode).toBe(202);
    expect(bodies).toEqual(payloads);
    expect((await sendLines(payloads.map(entry).join('\r\n'))).bodies).toEqual(payloads);
  });

  test('takes every option of a single request', async () => {
    const options = {
      headers: { executorId: '7', count: 3, deep: { a: [1] }, none: null },
      messageId: '0190A0E4-7F2E-7D3C-9A51-0123456789AB',
      correlationId: 'c-1',
      timeToLiveMs: 60_000,
      priority: 5,
    };
    const { messages } = await send(
      JSON.stringify({ entries: [{ ...command, payload: 1, ...options }] }).replace(
        '"count":3',
        '"count":9007199254740993',
      ),
    );
    expect(messages[0]?.headers).toMatchObject({
      ...{ executorId: '7', count: 9007199254740993n, deep: '{"a":[1]}' },
      ...{ id: '0190a0e4-7f2e-7d3c-9a51-0123456789ab', correlationId: 'c-1', priority: 5 },
      contentType: 'application/json',
    });
    expect(messages[0]?.headers).not.toHaveProperty('none');
  });

  test('takes text of another type, bytes as base64, and entries without a payload', async () => {
    const { messages, bodies } = await sendEntries([
      { ...event, contentType: 'text/plain', payload: 'ü "x"' },
      { ...event, contentType: 'application/octet-stream', bodyBase64: Buffer.from([0, 255]).toString('base64') },
      event,
      { ...event, contentType: 'application/xml', convertTo: 'application/json', payload: '<a><b>1</b></a>' },
    ]);
    expect(bodies.filter((_, index) => index !== 1)).toEqual(['ü "x"', '', expect.stringContaining('"b"')]);
    expect([...(messages[1]?.body ?? [])]).toEqual([0, 255]);
    const types = messages.map(({ headers }) => headers[Header.contentType]);
    expect(types).toEqual(['text/plain', 'application/octet-stream', 'text/plain', 'application/json']);
  });

  test('answers 207 where results differ, and sends the others', async () => {
    const { response, bodies } = await sendEntries([
      { ...command, payload: 1 },
      { ...command, destination: 'nowhere', payload: 2 },
      { ...command, payload: 3, prio: 1 },
      { ...command, payload: 4 },
    ]);
    expect(response.statusCode).toBe(207);
    expect(bodies).toEqual(['1', '4']);
    const [first, second, third, fourth] = response.json().results;
    expect([first.status, fourth.status]).toEqual([202, 202]);
    expect(second).toMatchObject({ index: 1, status: 404, code: 'destination-not-found', outcome: 'not-accepted' });
    expect(second.errors).toMatchObject([{ pointer: '/entries/1/destination' }]);
    expect(third).toMatchObject({ index: 2, status: 400, code: 'invalid-entry' });
    expect(third.errors).toMatchObject([{ pointer: '/entries/2/prio', detail: expect.stringContaining('priority') }]);
  });

  test('answers with the status that all results have in common', async () => {
    const { response } = await sendEntries([1, 2].map((payload) => ({ ...command, destination: 'nowhere', payload })));
    expect(response.statusCode).toBe(404);
    expect(response.json().results).toHaveLength(2);
  });

  test('says where the payload does not fit the own handler', async () => {
    const handler = defineCommandHandler({
      routingKey: 'price.set',
      distributed: true,
      parameters: [payload(Type.Object({ price: Type.Number() }))],
      handle: () => {},
    });
    const own = { kind: 'command', destination: 'shop', routingKey: 'price.set' };
    const { response } = await sendEntries(
      [
        { ...own, payload: { price: 1 } },
        { ...own, payload: { price: 'x' } },
      ],
      {
        config: { handlers: [handler] },
      },
    );
    expect(response.statusCode).toBe(207);
    expect(response.json().results[1]).toMatchObject({
      code: 'payload-refused',
      errors: [{ pointer: '/entries/1/payload/price' }],
    });
  });

  test('makes a repeated batch the same messages by its Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'import-7' };
    const ids = async (entries: readonly unknown[], more = {}) => {
      const { response } = await sendEntries(entries, { headers: { ...headers, ...more } });
      return response.json().results.map(({ messageId }: { messageId: string }) => messageId);
    };
    const first = await ids([command, command, event]);
    expect(new Set(first).size).toBe(3);
    expect(await ids([command, command, event])).toEqual(first);
    expect(await ids([command], { 'message-first-index': '1' })).toEqual([first[1]]);
    const own = { ...command, idempotencyKey: 'mine' };
    const single = await post(await sharedGateway(), {
      url: '/commands/billing/billing.change',
      headers: { 'idempotency-key': 'mine' },
    });
    expect(await ids([own])).toEqual([single.json().messageId]);
  });

  test('counts from Message-First-Index', async () => {
    const { response } = await sendEntries([command, { ...command, kind: 'x' }], {
      headers: { 'message-first-index': '40' },
    });
    expect(response.json().results.map(({ index }: { index: number }) => index)).toEqual([40, 41]);
  });

  test('gives each entry the headers of the request, unless it has its own', async () => {
    const config = { http: { forwardHeaders: { 'x-tenant-id': 'tenantId' } } };
    const headers = {
      'message-header-executor-id': '7',
      'message-priority': '3',
      'x-tenant-id': 't',
      traceparent: 'tp',
    };
    const { messages, response } = await sendEntries(
      [command, { ...command, priority: 9, headers: { executorId: '8' } }, { ...command, headers: { tenantId: 'x' } }],
      { headers, config },
    );
    expect(messages.map(({ headers: own }) => [own.executorId, own.priority, own.tenantId, own.traceparent])).toEqual([
      ['7', 3, 't', 'tp'],
      ['8', 9, 't', 'tp'],
    ]);
    expect(response.json().results[2]).toMatchObject({
      code: 'reserved-header',
      errors: [{ pointer: '/entries/2/headers/tenantId' }],
    });
  });

  test('takes NDJSON with a mark in front, CRLF, empty lines, and without an end of the last line', async () => {
    const line = (payload: number) => JSON.stringify({ ...event, payload });
    const body = `\ufeff${line(1)}\r\n\r\n \n${line(2)}\n{"kind":\n${line(3)}`;
    const { response, bodies } = await sendLines(body);
    expect(response.statusCode).toBe(207);
    expect(bodies).toEqual(['1', '2', '3']);
    expect(response.json().results[2]).toMatchObject({
      code: 'malformed-body',
      errors: [{ pointer: '/entries/2' }],
    });
  });

  test('takes a batch of CloudEvents', async () => {
    const ce = { specversion: '1.0', id: '1', source: '/shop', type: 'order.placed', data: { n: 1 } };
    const { response, bodies } = await send(JSON.stringify([ce, { ...ce, id: undefined }, { ...ce, id: '2' }]), {
      headers: { 'content-type': 'application/cloudevents-batch+json' },
    });
    expect(response.statusCode).toBe(207);
    expect(bodies).toEqual(['{"n":1}', '{"n":1}']);
    expect(response.json().results[1]).toMatchObject({ code: 'malformed-body', errors: [{ pointer: '/1' }] });
  });

  test('takes ten thousand entries', async () => {
    const entries = Array.from({ length: 10_000 }, (_, n) => ({ ...event, payload: n }));
    const { response, bodies } = await sendEntries(entries);
    expect(response.statusCode).toBe(202);
    expect(bodies).toEqual(entries.map(({ payload: n }) => String(n)));
  });

  test('accepts an empty batch of CloudEvents', async () => {
    const { response } = await send('[]', { headers: { 'content-type': 'application/cloudevents-batch+json' } });
    expect([response.statusCode, response.json()]).toEqual([202, { channel: 'in-memory', results: [] }]);
  });
});

describe('Prefer: handling=strict on POST /batch', () => {
  const strict = { headers: { prefer: 'handling=strict' } };

  test('sends nothing if one entry has an error, and names the errors of all', async () => {
    const { response, messages } = await sendEntries(
      [
        { ...command, payload: 1 },
        { ...command, destination: 'nowhere' },
        { ...command, priority: 300 },
        { ...command, headers: { 'x-death': 1 } },
      ],
      strict,
    );
    expect(messages).toEqual([]);
    const problem = expectProblem(response, 'batch-refused');
    expect(problem.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/entries/1/destination',
      '/entries/2/priority',
      '/entries/3/headers/x-death',
    ]);
  });

  test('checks what only the bus knows before it sends', async () => {
    const { response, messages } = await sendEntries([command, { ...command, destination: 'nowhere' }], strict);
    expect(messages).toEqual([]);
    expectProblem(response, 'batch-refused');
  });

  test('sends a batch without errors, and reports events without a subscriber', async () => {
    const { response, messages } = await sendEntries([command, { ...event, routingKey: 'nobody.listens' }], {
      ...strict,
      config: {},
    });
    expect(messages).toHaveLength(1);
    expect(response.statusCode).toBe(207);
    expect(response.json().results[1]).toMatchObject({ code: 'no-subscriber', status: 404 });
  });
});

describe('an entry that is not valid', () => {
  test.each<[string, unknown, string, string]>([
    ['has no kind', { routingKey: 'a', destination: 'billing' }, '/kind', 'missing'],
    ['has an unknown kind', { ...command, kind: 'Command' }, '/kind', 'must be command'],
    ['has a kind that is no text', { ...command, kind: 1 }, '/kind', 'must be text'],
    ['has no destination', { kind: 'command', routingKey: 'a' }, '/destination', 'missing'],
    ['is an event with a destination', { ...event, destination: 'billing' }, '/destination', 'is not for an event'],
    ['has no routing key', { kind: 'event' }, '/routingKey', 'missing'],
    ['has a wildcard', { ...event, routingKey: 'order.*' }, '/routingKey', 'wildcard'],
    ['has an unpaired surrogate', { ...event, routingKey: '\ud800' }, '/routingKey', 'Unicode'],
    [
      'has payload and bodyBase64',
      { ...event, payload: 1, bodyBase64: 'AA==', contentType: 'a/b' },
      '/bodyBase64',
      'both',
    ],
    ['has bytes without a type', { ...event, bodyBase64: 'AA==' }, '/contentType', 'missing'],
    ['has broken base64', { ...event, bodyBase64: 'A', contentType: 'a/b' }, '/bodyBase64', 'base64'],
    ['has base64 with white space', { ...event, bodyBase64: 'AA==\n', contentType: 'a/b' }, '/bodyBase64', 'base64'],
    ['has an object as text', { ...event, payload: {}, contentType: 'text/plain' }, '/payload', 'must be text'],
    ['has null as text', { ...event, payload: null, contentType: 'text/plain' }, '/payload', 'must be text'],
    [
      'has text in another charset',
      { ...event, payload: 'x', contentType: 'text/plain;charset=latin1' },
      '/contentType',
      'UTF-8',
    ],
    ['has a delay that is negative', { ...event, delayMs: -1 }, '/delayMs', 'integer from 0 to'],
    ['has a delay that is too long', { ...event, delayMs: 2_592_000_001 }, '/delayMs', 'integer from 0 to'],
    ['has a delay as text', { ...event, delayMs: '5' }, '/delayMs', 'integer from 0 to'],
    ['has a delay with a fraction', { ...event, delayMs: 1.5 }, '/delayMs', 'integer from 0 to'],
    ['has no time to live', { ...event, timeToLiveMs: 0 }, '/timeToLiveMs', 'integer from 1 to'],
    ['has too high a priority', { ...event, priority: 256 }, '/priority', 'integer from 0 to 255'],
    ['has an id that is no UUID', { ...event, messageId: 'x' }, '/messageId', 'UUID'],
    ['has an empty key', { ...event, idempotencyKey: '' }, '/idempotencyKey', 'empty'],
    ['has an id and a key', { ...event, messageId: crypto.randomUUID(), idempotencyKey: 'k' }, '/messageId', 'both'],
    ['has a long correlation id', { ...event, correlationId: 'ü'.repeat(128) }, '/correlationId', '255 bytes'],
    ['has headers that are no object', { ...event, headers: [1] }, '/headers', 'JSON object'],
    ['has a field of another name', { ...event, 'a/b~c': 1 }, '/a~1b~0c', 'is not known'],
  ])('%s', async (_, entry, pointer, detail) => {
    const { status, code, errors } = await issuesOf(entry);
    expect({ status, code }).toEqual({ status: 400, code: 'invalid-entry' });
    expect(errors).toMatchObject([{ pointer: `/entries/0${pointer}`, detail: expect.stringContaining(detail) }]);
  });

  test.each<[string, unknown, string, number]>([
    ['/headers/x-death', { ...event, headers: { 'x-death': 1 } }, 'reserved-header', 400],
    [
      '/headers/__proto__',
      JSON.parse('{"kind":"event","routingKey":"a","headers":{"__proto__":1}}'),
      'reserved-header',
      400,
    ],
    ['/headers', { ...event, headers: { a: 'x'.repeat(70_000) } }, 'headers-too-large', 431],
    [
      '/contentType',
      { ...event, payload: 'x', contentType: 'application/x-php-serialized' },
      'unsupported-media-type',
      415,
    ],
    ['/contentType', { ...event, payload: 'x', contentType: 'json' }, 'unsupported-media-type', 415],
    ['/payload', { ...event, payload: 'x'.repeat(2 ** 20) }, 'body-too-large', 413],
    ['/parentId', { ...event, parentId: crypto.randomUUID() }, 'unknown-parent', 409],
  ])('has an error at %s', async (pointer, entry, code, status) => {
    const found = await issuesOf(entry);
    expect(found).toMatchObject({ status, code, errors: [{ pointer: `/entries/0${pointer}` }] });
  });

  test.each<[string, string, string]>([
    ['repeats a field', '{"kind":"event","kind":"event","routingKey":"a"}', 'invalid-entry'],
    ['repeats a field in another spelling', '{"kind":"event","k\\u0069nd":"event","routingKey":"a"}', 'invalid-entry'],
    ['repeats a header', '{"kind":"event","routingKey":"a","headers":{"a":1,"a":2}}', 'invalid-entry'],
    [
      'repeats a member of a header',
      '{"kind":"event","routingKey":"a","headers":{"a":{"b":1,"b":2}}}',
      'invalid-entry',
    ],
    ['has the field __proto__', '{"kind":"event","routingKey":"a","__proto__":{}}', 'invalid-entry'],
    [
      'has a header beyond 64 bits',
      '{"kind":"event","routingKey":"a","headers":{"a":99999999999999999999}}',
      'invalid-header',
    ],
    ['has a header that is no number', '{"kind":"event","routingKey":"a","headers":{"a":1e999}}', 'invalid-entry'],
    ['has a delay beyond 2^53', '{"kind":"event","routingKey":"a","delayMs":9007199254740993}', 'invalid-entry'],
    ['has a delay with an exponent', '{"kind":"event","routingKey":"a","delayMs":1e3}', 'invalid-entry'],
    ['has a delay of leading zeros', '{"kind":"event","routingKey":"a","delayMs":010}', 'invalid-entry'],
    ['has a payload that is not JSON', '{"kind":"event","routingKey":"a","payload":{"a":tru}}', 'malformed-body'],
    ['has brackets that do not match', '{"kind":"event","routingKey":"a","payload":{"a":[1}]}', 'malformed-body'],
    ['is a list', '[1]', 'malformed-body'],
    ['is a number', '1', 'malformed-body'],
    ['has something behind it', '{"kind":"event","routingKey":"order.x"} 1', 'malformed-body'],
    ['has a form feed behind it', '{"kind":"event","routingKey":"order.x"}\f', 'malformed-body'],
    ['has a no-break space behind it', '{"kind":"event","routingKey":"order.x"}\u00a0', 'malformed-body'],
    ['has a vertical tab behind it', '{"kind":"event","routingKey":"order.x"}\v', 'malformed-body'],
    ['ends too early', '{"kind":"event","routingKey":"a"', 'malformed-body'],
    ['has a control character in a text', '{"kind":"event","routingKey":"a\tb"}', 'invalid-entry'],
  ])('%s', async (_, line, code) => {
    const { response, messages } = await sendLines(line);
    expect(messages).toEqual([]);
    expect(response.json().results).toMatchObject([{ code, outcome: 'not-accepted' }]);
  });

  test('is not valid UTF-8', async () => {
    const { response } = await sendLines(Buffer.from('{"kind":"event","routingKey":"a","payload":"\xff"}', 'latin1'));
    expect(response.json().results).toMatchObject([{ code: 'malformed-body', errors: [{ pointer: '/entries/0' }] }]);
  });

  test('has more errors than are worth listing', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`field${n}`, n]));
    const { response } = await sendEntries([{ ...event, ...unknown }]);
    const [{ code, errors, detail }] = response.json().results;
    expect({ code, count: errors.length }).toEqual({ code: 'invalid-entry', count: 10 });
    expect(detail).toContain('and 9 more');
    // The list of fields is not repeated.
    expect(JSON.stringify(errors).split('correlationId')).toHaveLength(2);
    expect(response.body.length).toBeLessThan(2_000);
  });

  test('has header names that no message has room for', async () => {
    const headers = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`h${n}`, null]));
    const found = await issuesOf({ ...event, headers });
    expect(found).toMatchObject({ code: 'headers-too-large', errors: [{ pointer: '/entries/0/headers' }] });
  });

  test.each([
    ['application/json', (entry: string) => `{"entries":[${entry}]}`],
    ['application/x-ndjson', (entry: string) => entry],
  ])('is longer than a line of a stream may be, as %s', async (contentType, toBody) => {
    const entry = JSON.stringify({ ...event, payload: 1 }).replace('{', `{${' '.repeat(256 * 1024 + 2_000)}`);
    const { response } = await send(toBody(entry), {
      ...{ headers: { 'content-type': contentType }, config: { http: { bodyLimit: 1_000, batchBodyLimit: 2 ** 20 } } },
    });
    expect(response.json().results).toMatchObject([{ code: 'body-too-large', errors: [{ pointer: '/entries/0' }] }]);
  });

  test.each([
    ['data that is too large', { data: 'x'.repeat(1_000) }, '/0/data'],
    ['attributes that are too large', { data: 1, note: 'x'.repeat(300_000) }, '/0'],
  ])('is a CloudEvent with %s', async (_, more, pointer) => {
    const ce = { specversion: '1.0', id: '1', source: '/shop', type: 'order.placed', ...more };
    const { response, bodies } = await send(JSON.stringify([ce, { ...ce, data: 2, note: '' }]), {
      headers: { 'content-type': 'application/cloudevents-batch+json' },
      config: { http: { bodyLimit: 1_000, batchBodyLimit: 2 ** 20 } },
    });
    expect(bodies).toEqual(['2']);
    expect(response.json().results[0]).toMatchObject({ code: 'body-too-large', errors: [{ pointer }] });
  });

  test('names all of its errors, and no value', async () => {
    const { errors } = await issuesOf({ kind: 'secret-1', routingKey: '', secret: 'secret-2', delayMs: 'secret-3' });
    expect(errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(
      expect.arrayContaining(['/entries/0/kind', '/entries/0/routingKey', '/entries/0/secret', '/entries/0/delayMs']),
    );
    expect(JSON.stringify(errors)).not.toContain('secret-');
  });

  test('is refused its own id where idempotency keys are kept apart', async () => {
    const config = { http: { idempotencyScopeHeader: 'x-tenant' } };
    const { errors } = await issuesOf({ ...command, messageId: crypto.randomUUID() }, { config });
    expect(errors).toMatchObject([{ pointer: '/entries/0/messageId' }]);
  });
});

describe('a batch that cannot be read', () => {
  test.each([
    ['is no object', '[]'],
    ['has no entries', '{}'],
    ['has entries that are no list', '{"entries":{}}'],
    ['has another field', '{"entries":[],"entry":1}'],
    ['has entries twice', '{"entries":[],"entries":[]}'],
    ['ends too early', '{"entries":[{"kind":"event","routingKey":"order.x"}'],
    ['has something behind it', '{"entries":[]} 1'],
    ['has an item without a value', '{"entries":[,]}'],
    ['is empty', ' '],
  ])('%s', async (_, body) => {
    const { response, messages } = await send(body);
    expect(messages).toEqual([]);
    expectProblem(response, 'malformed-body');
  });

  test.each([
    ['an empty list', '{"entries":[]}', 'application/json'],
    ['an empty list with a mark in front', '\ufeff{ "entries" : [ ] }', 'application/json'],
    ['no bytes', '', 'application/x-ndjson'],
    ['blank lines', '\ufeff\r\n \n', 'application/x-ndjson'],
  ])('has no entries, but %s', async (_, body, contentType) => {
    for (const prefer of ['handling=lenient', 'handling=strict']) {
      const { response } = await send(body, { headers: { 'content-type': contentType, prefer } });
      expect(expectProblem(response, 'malformed-body').detail).toBe('Nothing was sent: the batch has no entries.');
    }
  });

  test.each([
    ['text/plain', {}],
    ['application/cloudevents+json', {}],
    ['application/json', { 'content-encoding': 'gzip' }],
  ])('has the type %s %o', async (contentType, more) => {
    const { response } = await send('{"entries":[]}', { headers: { 'content-type': contentType, ...more } });
    expectProblem(response, 'unsupported-media-type');
  });

  test.each([
    ['message-id', crypto.randomUUID()],
    ['idempotency-key', ''],
    ['message-first-index', '-1'],
    ['message-frist-index', '1'],
    ['ce-id', '1'],
    ['message-delay', 'soon'],
  ])('has the header %s: %s', async (name, value) => {
    expectProblem((await sendEntries([command], { headers: { [name]: value } })).response, 'invalid-header');
  });

  test('has too many entries or bytes', async () => {
    const config = { http: { bodyLimit: 100, batchBodyLimit: 1000, batchMaxEntries: 2 } };
    expectProblem((await sendEntries([event, event, event], { config })).response, 'body-too-large');
    expectProblem((await sendLines('{}\n{}\n{}', { config })).response, 'body-too-large');
    const large = { ...event, payload: 'x'.repeat(1000) };
    const problem = expectProblem((await sendEntries([large], { config })).response, 'body-too-large');
    expect(problem.detail).toContain('http.batchBodyLimit');
  });
});
