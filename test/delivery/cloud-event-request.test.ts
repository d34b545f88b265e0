import { HTTP } from 'cloudevents';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CloudEventOptions, toCloudEventRequest } from '../../src/delivery/cloud-event-request.ts';
import { readCloudEvent } from '../../src/http/bindings/cloud-event-request.ts';
import { Header } from '../../src/message/message-headers.ts';
import { isMessageId } from '../../src/message/message-id.ts';
import { anyText } from '../arbitraries.ts';
import { captured, capturesOf, headersOf } from '../wire/captured-message.ts';

const headers = {
  [Header.id]: '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10',
  [Header.routingKey]: 'order.placed',
  [Header.payloadType]: 'event',
  [Header.sourceServiceName]: 'shop',
  [Header.timestamp]: 1795320791,
  [Header.contentType]: 'application/json',
};
const event = { specversion: '1.0', id: '7', source: '/shop', type: 'order.paid' };

/** Returns the message headers of an event, with the prefix of a binding for AMQP. */
function onTheBus(attributes: object, prefix = 'cloudEvents_'): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [prefix + name, value]));
}

function request(changed: object, payload: string | Uint8Array = '{}', options: Partial<CloudEventOptions> = {}) {
  const message = { headers: { ...headers, ...changed }, payload: Buffer.from(payload) };
  return toCloudEventRequest(message, { mode: 'binary', ...options });
}

function structured(changed: object, payload: string | Uint8Array = '{}', options: Partial<CloudEventOptions> = {}) {
  const { headers, body } = request(changed, payload, { mode: 'structured', ...options });
  expect(headers).toEqual({ 'content-type': 'application/cloudevents+json; charset=utf-8' });
  return Buffer.from(body).toString();
}

/** Returns the attributes of a request in the binary mode, as they are written. */
function attributesIn({ headers }: { readonly headers: Readonly<Record<string, string>> }): Record<string, string> {
  const written = Object.entries(headers).filter(([name]) => name.startsWith('ce-'));
  return Object.fromEntries(written.map(([name, value]) => [name.slice(3), value]));
}

describe('a message that was not sent as a CloudEvent', () => {
  test('leaves as an event of the service that sent it', () => {
    expect(request({})).toEqual({
      headers: {
        'ce-specversion': '1.0',
        'ce-id': '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10',
        'ce-source': '/services/shop',
        'ce-type': 'order.placed',
        'ce-time': '2026-11-22T04:13:11Z',
        'content-type': 'application/json',
      },
      body: Buffer.from('{}'),
    });
  });

  test('has the configured source', () => {
    expect(attributesIn(request({}, '', { source: 'https://shop.example/' })).source).toBe('https://shop.example/');
  });

  test('has its correlation, its cause, its trace and its end as extensions', () => {
    const changed = {
      ...{ [Header.correlationId]: 'c', [Header.parentId]: 'p', traceparent: '00-…', tracestate: 'a=b,c=d' },
      ...{ partitionkey: 'k 1', [Header.expiresAt]: 1795320791500 },
    };
    expect(attributesIn(request(changed))).toMatchObject({
      ...{ correlationid: 'c', causationid: 'p', traceparent: '00-%E2%80%A6', tracestate: 'a=b,c=d' },
      ...{ partitionkey: 'k%201', expirytime: '2026-11-22T04:13:11.500Z' },
    });
    expect(attributesIn(request(changed, '', { expiresAtMs: 0 })).expirytime).toBe('1970-01-01T00:00:00Z');
  });

  test('has those of its headers as extensions that CloudEvents allows', () => {
    const changed = {
      ...{ tenant: 'a', retries: 3, vip: true, camelCase: 'x', 'with-hyphen': 'x', ratio: 1.5, large: 2 ** 31 },
      ...{ huge: 2n ** 60n, nothing: null, table: { a: 1 }, list: [1], line: 'a\nb', half: '\ud800', not: '\ufdd0' },
      ...{ source: 'x', type: 'x', subject: 'x', time: 'x', specversion: 'x', dataschema: 'x', data: 'x' },
      ...{ datacontenttype: 'x', expirytime: 'soon', cloudEvents_id: 'x', ecotonebatch: 'reserved' },
    };
    const { id, source, type, time, specversion, ...extensions } = attributesIn(request(changed));
    expect(extensions).toEqual({ tenant: 'a', retries: '3', vip: 'true' });
    expect(JSON.parse(structured(changed))).toMatchObject({ tenant: 'a', retries: 3, vip: true });
    expect([source, type, specversion]).toEqual(['/services/shop', 'order.placed', '1.0']);
  });

  test.each([undefined, null, '', 'a\r\nb', {}])('has a new id where its own is %j', (id) => {
    const [first, second] = [attributesIn(request({ [Header.id]: id })), attributesIn(request({ [Header.id]: id }))];
    expect(isMessageId(first.id ?? '')).toBe(true);
    expect(first.id).not.toBe(second.id);
  });

  test.each<[string, unknown, string]>([
    ['type', { [Header.routingKey]: 'a\r\nb\ud800.c' }, 'ab.c'],
    ['type', { [Header.routingKey]: '\n' }, 'event'],
    ['type', { [Header.routingKey]: undefined, [Header.payloadType]: 7 }, 'message'],
    ['source', { [Header.sourceServiceName]: 'grün/7\r\n' }, '/services/gr%25C3%25BCn%252F7%250D%250A'],
    ['source', { [Header.sourceServiceName]: undefined }, '/services/unknown'],
  ])('has a %s in any case: %j', (name, changed, value) => {
    expect(attributesIn(request(changed as object))[name]).toBe(value);
  });

  test.each([undefined, 0, -1, '1795320791', 1e15, Number.NaN])(
    'has no time where its timestamp is %j',
    (timestamp) => {
      expect(attributesIn(request({ [Header.timestamp]: timestamp }))).not.toHaveProperty('time');
    },
  );
});

describe('a message that was sent as a CloudEvent', () => {
  const whole = {
    ...event,
    time: '2024-02-29T23:59:59.123456789+14:00',
    subject: 'grün "7" 50%',
    retry: 3,
    urgent: true,
  };

  test.each(['cloudEvents_', 'cloudEvents:', 'ce-'])(
    'leaves with exactly its attributes, from headers %s…',
    (prefix) => {
      const changed = { ...onTheBus(whole, prefix), tenant: 'a', [Header.correlationId]: 'c' };
      expect(JSON.parse(structured(changed))).toEqual({ ...whole, datacontenttype: 'application/json', data: {} });
      expect(attributesIn(request(changed, '', { source: '/other', expiresAtMs: 1 }))).toEqual({
        ...{ ...whole, retry: '3', urgent: 'true' },
        subject: 'gr%C3%BCn%20%227%22%2050%25',
      });
    },
  );

  test('has values of the types of AMQP in the text form of CloudEvents', () => {
    const changed = onTheBus({ ...event, time: 1795320791, key: Buffer.from([0, 255]) });
    expect(attributesIn(request(changed))).toEqual({ ...event, time: '2026-11-22T04:13:11Z', key: 'AP8=' });
  });

  test('leaves without what CloudEvents does not allow', () => {
    const changed = onTheBus({
      ...event,
      ...{
        time: 'yesterday',
        subject: '',
        data: 'x',
        datacontenttype: 'x',
        Upper: 'x',
        '': 'x',
        ratio: 0.5,
        line: '\r',
      },
    });
    expect(attributesIn(request(changed))).toEqual(event);
  });

  test.each([{ specversion: '0.3' }, { id: '' }, { source: 'a\r\nb' }, { type: undefined }, { id: 7 }])(
    'is no event with %j',
    (wrong) => {
      expect(attributesIn(request(onTheBus({ ...event, ...wrong })))).toMatchObject({ source: '/services/shop' });
    },
  );

  test('leaves as it is where its payload is the whole event', () => {
    const payload = ` ${JSON.stringify(event)}`;
    const contentType = 'application/cloudevents+json; charset=utf-8';
    for (const mode of ['binary', 'structured'] as const) {
      expect(request({ [Header.contentType]: contentType }, payload, { mode })).toEqual({
        headers: { 'content-type': contentType },
        body: Buffer.from(payload),
      });
    }
  });

  test.each([
    ['application/cloudevents-batch+json', {}],
    ['application/cloudevents+avro', {}],
    ['application/cloudevents+json', onTheBus(event)],
  ])('leaves in the structured mode where its payload would be taken for events: %s', (contentType, changed) => {
    const { headers, body } = request({ ...changed, [Header.contentType]: contentType }, '[]');
    expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    expect(JSON.parse(Buffer.from(body).toString())).toMatchObject({ datacontenttype: contentType });
  });
});

describe('the data in the structured mode', () => {
  test.each([
    '{"a": 1.10, "b": 12345678901234567890123, "a": 1E400}',
    ' [1,\n"\\ud800", "\\u00e9é"] ',
    '-0.0',
    'null',
    '"text"',
  ])('is JSON as it was written: %s', (json) => {
    expect(structured({}, json)).toContain(`"datacontenttype":"application/json","data":${json}}`);
    const changed = { [Header.contentType]: 'application/vnd.shop+json; charset=latin1' };
    expect(structured(changed, json)).toContain(`,"data":${json}}`);
  });

  test.each([
    ['no JSON', 'application/json', '{'],
    ['two documents', 'application/json', '1} ,"id":"8"'],
    ['JSON behind a byte order mark', 'application/json', '\ufeff{}'],
    ['JSON that is not UTF-8', 'application/json', Buffer.from([0x22, 0xff, 0x22])],
    ['JSON of 60,000 levels', 'application/json', '['.repeat(60_000) + ']'.repeat(60_000)],
    ['text of another charset', 'text/plain; charset=latin1', Buffer.from([0xfc])],
    ['text that is not UTF-8', 'text/plain', Buffer.from([0xfc])],
    ['bytes', 'application/octet-stream', Buffer.from([0, 255])],
    ['XML', 'text/xml', '<a/>'],
    ['a form', 'application/x-www-form-urlencoded', 'a=1'],
  ])('is base64 of %s', (_what, contentType, payload) => {
    const parsed = JSON.parse(structured({ [Header.contentType]: contentType }, payload));
    expect(parsed).not.toHaveProperty('data');
    expect(parsed.data_base64).toBe(Buffer.from(payload).toString('base64'));
    expect(parsed).toMatchObject({ datacontenttype: contentType, id: headers[Header.id] });
  });

  test.each(['text/plain', 'text/plain; charset=UTF-8', 'text/csv'])('is text of the type %s', (contentType) => {
    const text = '\ufeff"a"\r\n\0\u2028é😀';
    expect(JSON.parse(structured({ [Header.contentType]: contentType }, text)).data).toBe(text);
  });

  test('is absent for an empty payload', () => {
    expect(JSON.parse(structured({ [Header.contentType]: 'text/plain' }, ''))).toEqual({
      ...{ specversion: '1.0', id: headers[Header.id], source: '/services/shop', type: 'order.placed' },
      time: '2026-11-22T04:13:11Z',
    });
    expect(JSON.parse(structured({}, ''))).not.toHaveProperty('data');
  });
});

describe('the Content-Type in the binary mode', () => {
  test.each([
    ['application/json', 'application/json'],
    [' text/plain; charset="UTF-8" ', 'text/plain; charset="UTF-8"'],
    [undefined, 'application/octet-stream'],
    [7, 'application/octet-stream'],
    ['json', 'application/octet-stream'],
    ['text/plain\r\nX-Admin: 1', 'application/octet-stream'],
    ['text/plain; a="\u0100"', 'application/octet-stream'],
  ])('of a message of the type %j is %j', (contentType, written) => {
    expect(request({ [Header.contentType]: contentType }).headers['content-type']).toBe(written);
  });

  test('is absent for an event without data', () => {
    expect(request({ [Header.contentType]: 'text/plain' }, '').headers).not.toHaveProperty('content-type');
  });
});

describe('an event of an Ecotone application', () => {
  const wire = [captured('publishEvent'), captured('convertAndPublishEvent.object'), captured('lib.publishEvent')];
  const messages = [...wire, ...capturesOf('php-jms')].map((capture) => [capture.routingKey, capture] as const);

  test.each(messages)('leaves as a CloudEvent: %s', (_key, capture) => {
    const isJson = capture.properties.content_type === 'application/json';
    const message = { headers: headersOf(capture), payload: Buffer.from(capture.body) };
    for (const mode of ['binary', 'structured'] as const) {
      const { headers, body } = toCloudEventRequest(message, { mode });
      const received = HTTP.toEvent({ headers, body: Buffer.from(body).toString() });
      expect(received).toMatchObject({
        id: message.headers[Header.id],
        source: `/services/${message.headers[Header.sourceServiceName]}`,
        type: message.headers[Header.routingKey],
        correlationid: message.headers[Header.correlationId],
        data: isJson ? JSON.parse(capture.body) : capture.body,
      });
    }
  });
});

describe('any message', () => {
  // Half of all texts are attributes and headers that an attacker would write.
  const text = fc.oneof(anyText, fc.constantFrom('a\r\nX-Admin: 1', '\0', '"', '\\"', '%0d%0a', '\ud800', '', 'ü'));
  const value = fc.oneof(
    text,
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.bigInt(),
    fc.uint8Array(),
  );
  const name = fc.oneof(
    fc.constantFrom(...Object.values(Header), 'subject', 'data', '__proto__', 'constructor', 'traceparent', 'tenant'),
    fc.constantFrom(...Object.keys(onTheBus({ ...event, time: 1, subject: 1, data: 1, __proto__: 1, x: 1 }))),
    text,
  );
  const anyMessage = fc.record({
    headers: fc.array(fc.tuple(name, value)).map((entries) => Object.fromEntries(entries)),
    payload: fc.uint8Array(),
  });

  test('becomes headers of printable ASCII and an event that littoral itself reads', () => {
    fc.assert(
      fc.property(anyMessage, fc.constantFrom('binary', 'structured'), (message, mode) => {
        const { headers, body } = toCloudEventRequest(message, { mode });
        for (const [name, value] of Object.entries(headers)) {
          expect(name).toMatch(/^(ce-[a-z0-9]+|content-type)$/);
          expect(value).toMatch(/^[\x20-\x7e]*$/);
        }
        const event = readCloudEvent(new Map(Object.entries(headers)), body);
        expect(Buffer.from(event?.data ?? [])).toEqual(Buffer.from(message.payload));
      }),
      { numRuns: 300 },
    );
  });
});
