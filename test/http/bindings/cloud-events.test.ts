import { CloudEvent, HTTP } from 'cloudevents';
import { describe, expect, test } from 'vitest';
import { Header } from '../../../src/message/message-headers.ts';
import { arrival, expectProblem, openGateway, openQueue, post, sharedGateway } from '../gateway-fixture.ts';

const attributes = { 'ce-specversion': '1.0', 'ce-id': '7', 'ce-source': '/shop', 'ce-type': 'order.placed' };
const json = { 'content-type': 'application/json' };
const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
const event = { specversion: '1.0', id: '7', source: '/shop', type: 'order.placed' };

const binaryRequest = { url: '/cloudevents', headers: { ...attributes, ...json }, body: '{"total":1.10}' };

function structuredRequest(body: object | string) {
  return { url: '/cloudevents', headers: structured, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

describe('an event in the binary mode', () => {
  test('is published under its type, with its data as the payload', async () => {
    const { headers, body } = await arrival(await sharedGateway(), binaryRequest);
    expect(Buffer.from(body).toString()).toBe('{"total":1.10}');
    expect(headers).toMatchObject({
      [Header.routingKey]: 'order.placed',
      [Header.contentType]: 'application/json',
      cloudEvents_specversion: '1.0',
      cloudEvents_id: '7',
      cloudEvents_source: '/shop',
      cloudEvents_type: 'order.placed',
    });
  });

  test('is a command on the route of a command', async () => {
    const { headers } = await arrival(await sharedGateway(), { headers: { ...attributes, ...json }, body: '{}' });
    expect(headers).toMatchObject({ [Header.routingKey]: 'change', cloudEvents_type: 'order.placed' });
  });

  test.each([
    ['Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
    ['%e2%82%ac', '€'],
    ['"a%20\\"b\\\\"', 'a "b\\'],
    ['100%2541', '100%41'],
    ['"', '"'],
  ])('has the attribute %j decoded as %j', async (written, value) => {
    const given = { ...binaryRequest.headers, 'ce-subject': written };
    const { headers } = await arrival(await sharedGateway(), { ...binaryRequest, headers: given });
    expect(headers.cloudEvents_subject).toBe(value);
  });

  test.each([
    ['a percent sign alone', 'ce-subject', '100%'],
    ['an overlong form', 'ce-subject', '%C0%80'],
    ['half a character', 'ce-subject', '%E2%82'],
    ['a control character', 'ce-subject', '%0A'],
    ['a noncharacter', 'ce-subject', '%EF%B7%90'],
    ['the name that formats use for the data', 'ce-data', '1'],
    ['an empty subject', 'ce-subject', ''],
    ['an empty id', 'ce-id', ''],
    ['another version', 'ce-specversion', '0.3'],
    ['a name with a hyphen', 'ce-order-id', '1'],
    ['the type of the data as an attribute', 'ce-datacontenttype', 'text/plain'],
    ['a time that is none', 'ce-time', 'yesterday'],
    ['a day that no month has', 'ce-time', '2026-02-30T00:00:00Z'],
    ['an hour that no day has', 'ce-expirytime', '2099-12-31T24:00:00Z'],
    ['the name of the prototype', 'ce-__proto__', 'x'],
  ])('is refused with %s', async (_what, name, value) => {
    const headers = { ...binaryRequest.headers, [name]: value };
    expectProblem(await post(await sharedGateway(), { ...binaryRequest, headers }), 'invalid-header');
  });

  test.each(['2024-02-29T23:59:59.123456789+14:00', '2026-12-01t09:00:00z', '2026-12-31T23:30:00-12:00'])(
    'keeps the time %s as it is written',
    async (time) => {
      const headers = { ...binaryRequest.headers, 'ce-time': time };
      const { headers: arrived } = await arrival(await sharedGateway(), { ...binaryRequest, headers });
      expect(arrived.cloudEvents_time).toBe(time);
    },
  );

  test.each(['ce-id', 'ce-source', 'ce-type', 'ce-specversion'])('is refused without %s', async (name) => {
    const { [name as keyof typeof attributes]: _left, ...others } = attributes;
    const response = await post(await sharedGateway(), { ...binaryRequest, headers: { ...others, ...json } });
    expect(expectProblem(response, 'invalid-header').detail).toContain(name.slice(3));
  });
});

describe('an event in the structured mode', () => {
  test.each([
    ['an object, digit for digit', '{"a": 1.10, "b": 12345678901234567890}', '{"a": 1.10, "b": 12345678901234567890}'],
    ['a list', '[1,\n2]', '[1,\n2]'],
    ['text', '"a\\u00e9"', '"a\\u00e9"'],
    ['null', 'null', 'null'],
    ['a number', '-0.0', '-0.0'],
  ])('has %s as its payload', async (_what, data, payload) => {
    const text = `{"data":${data},"specversion":"1.0","id":"7","source":"/shop","type":"order.placed"}`;
    const { headers, body } = await arrival(await sharedGateway(), structuredRequest(text));
    expect(Buffer.from(body).toString()).toBe(payload);
    expect(headers[Header.contentType]).toBe('application/json');
  });

  test.each([
    ['text of another type', { datacontenttype: 'text/xml', data: '<a>ü</a>' }, 'application/xml', '<a>ü</a>'],
    ['text with its charset', { datacontenttype: 'text/csv; charset=UTF-8', data: 'ü' }, 'text/csv;charset=UTF-8', 'ü'],
    ['bytes', { datacontenttype: 'application/octet-stream', data_base64: 'AP8=' }, 'application/octet-stream', '\0ÿ'],
    ['no data', {}, 'text/plain', ''],
    ['JSON in base64', { data_base64: 'e30=' }, 'application/json', '{}'],
  ])('has %s as its payload', async (_what, data, contentType, payload) => {
    const { headers, body } = await arrival(await sharedGateway(), structuredRequest({ ...event, ...data }));
    const encoding = contentType === 'application/octet-stream' ? 'latin1' : 'utf8';
    expect([headers[Header.contentType], Buffer.from(body).toString(encoding)]).toEqual([contentType, payload]);
  });

  test('keeps the types of its attributes', async () => {
    const extensions = { retry: 3, least: -(2 ** 31), most: 2 ** 31 - 1, urgent: true, note: 'ü', absent: null };
    const { headers } = await arrival(await sharedGateway(), structuredRequest({ ...event, ...extensions }));
    expect(headers).toMatchObject({ cloudEvents_retry: 3, cloudEvents_urgent: true, cloudEvents_note: 'ü' });
    expect(headers).toMatchObject({ cloudEvents_least: -2_147_483_648, cloudEvents_most: 2_147_483_647 });
    expect(headers).not.toHaveProperty('cloudEvents_absent');
  });

  test.each([
    ['a list', [event]],
    ['text', '"order"'],
    ['no JSON', '{"specversion"'],
    ['no id', { ...event, id: undefined }],
    ['a number as its id', { ...event, id: 7 }],
    ['an attribute of more than 32 bits', { ...event, retry: 2 ** 31 }],
    ['an attribute with a fraction', { ...event, retry: 1.5 }],
    ['an object as an attribute', { ...event, retry: {} }],
    ['a name in upper case', { ...event, orderId: '1' }],
    ['the name of the prototype', JSON.stringify(event).replace('{', '{"__proto__":"x",')],
    ['data and data_base64', { ...event, data: 1, data_base64: 'AA==' }],
    ['data twice', JSON.stringify(event).replace('{', '{"data":1,"data":2,')],
    ['an attribute twice', JSON.stringify(event).replace('{', '{"type":"order.paid",')],
    ['an attribute twice, once as null', JSON.stringify(event).replace('{', '{"retry":null,"retry":3,')],
    ['bytes that are not base64', { ...event, data_base64: 'A' }],
    ['text of another charset', { ...event, datacontenttype: 'text/plain; charset=iso-8859-1', data: 'ü' }],
    ['text that is not ASCII as it says', { ...event, datacontenttype: 'text/plain; charset=us-ascii', data: 'ü' }],
    ['XML of another charset', { ...event, datacontenttype: 'application/xml; charset="UTF-16"', data: '<a/>' }],
    ['data that is not of its type', { ...event, datacontenttype: 'text/plain', data: {} }],
    [
      'half a character as text',
      `{"specversion":"1.0","id":"7","source":"/s","type":"a","datacontenttype":"text/plain","data":"\\ud800"}`,
    ],
    ['data that is not of JSON', { ...event, data_base64: 'AA==' }],
    [
      'more attributes than it may have',
      { ...event, ...Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`a${index}`, 1])) },
    ],
  ])('is refused with %s', async (_what, body) => {
    expectProblem(await post(await sharedGateway(), structuredRequest(body as object)), 'malformed-body');
  });
});

describe('the message of an event', () => {
  async function idOf(request: object): Promise<string> {
    const response = await post(await sharedGateway(), { ...binaryRequest, ...request });
    expect(response.statusCode).toBe(202);
    return response.json().messageId;
  }

  test('is the same for the same source and id, in both modes', async () => {
    const ids = [await idOf({}), await idOf({}), await idOf(structuredRequest({ ...event, data: 1 }))];
    expect(new Set(ids).size).toBe(1);
  });

  test('is another for another source, id, or routing key', async () => {
    const changed = [{ 'ce-id': '8' }, { 'ce-source': '/other' }, { 'ce-type': 'order.paid' }].map((change) =>
      idOf({ headers: { ...binaryRequest.headers, ...change } }),
    );
    expect(new Set([await idOf({}), ...(await Promise.all(changed))]).size).toBe(4);
  });

  test('is another for each tenant', async () => {
    const gateway = await openGateway({ http: { idempotencyScopeHeader: 'x-tenant' } });
    const ids = ['a', 'b'].map(async (tenant) => {
      const response = await post(gateway, {
        ...binaryRequest,
        headers: { ...binaryRequest.headers, 'x-tenant': tenant },
      });
      return response.json().messageId;
    });
    expect(new Set(await Promise.all(ids)).size).toBe(2);
  });

  test.each<Record<string, string>>([
    { 'Message-Id': '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10' },
    { 'Idempotency-Key': 'k' },
  ])('has no other id, such as %j', async (header) => {
    const headers = { ...binaryRequest.headers, ...header };
    expectProblem(await post(await sharedGateway(), { ...binaryRequest, headers }), 'invalid-header');
  });

  test('takes over the trace, the correlation and the end of the event', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const extensions = { correlationid: 'c1', traceparent, expirytime: '9999-12-31T23:59:59Z' };
    const { headers } = await arrival(await sharedGateway(), structuredRequest({ ...event, ...extensions }));
    expect(headers).toMatchObject({ [Header.correlationId]: 'c1', traceparent });
  });

  test('has the trace of the request where there is one', async () => {
    const headers = { ...binaryRequest.headers, traceparent: 'of-the-request', 'ce-traceparent': 'of-the-event' };
    const { headers: arrived } = await arrival(await sharedGateway(), { ...binaryRequest, headers });
    expect(arrived).toMatchObject({ traceparent: 'of-the-request', cloudEvents_traceparent: 'of-the-event' });
  });

  test('is refused when the event has expired', async () => {
    const headers = { ...binaryRequest.headers, 'ce-expirytime': '2020-01-01T00:00:00Z' };
    expectProblem(await post(await sharedGateway(), { ...binaryRequest, headers }), 'invalid-header');
  });

  test('is refused when another header carries an attribute', async () => {
    const headers = { ...binaryRequest.headers, 'Message-Headers': '{"cloudEvents_id":"8"}' };
    expectProblem(await post(await sharedGateway(), { ...binaryRequest, headers }), 'invalid-header');
  });
});

describe('POST /cloudevents', () => {
  test('refuses a request that is no event', async () => {
    const response = await post(await sharedGateway(), { url: '/cloudevents', headers: json, body: '{}' });
    expect(expectProblem(response, 'invalid-header').detail).toContain('ce-type');
  });

  test.each(['application/cloudevents-batch+cbor', 'application/cloudevents+avro', 'application/cloudevents'])(
    'refuses %s',
    async (type) => {
      const request = { url: '/cloudevents', headers: { 'content-type': type }, body: '[]' };
      expectProblem(await post(await sharedGateway(), request), 'unsupported-media-type');
    },
  );

  test.each([
    ['binary', HTTP.binary],
    ['structured', HTTP.structured],
  ])('takes what the official SDK sends in the %s mode', async (_mode, write) => {
    const sent = new CloudEvent({
      ...{ id: 'ü 1', source: '/shop/orders', type: 'order.placed', subject: 'grün "7"', priority: 'high' },
      ...{ datacontenttype: 'application/json', data: { name: 'Zoë', total: 1.5 } },
    });
    const { headers, body } = write(sent);
    const messages = openQueue(await sharedGateway(), 'billing', ['#']);
    const asText = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    const onTheWire = Object.fromEntries(
      Object.entries(asText).map(([name, value]) => [name, Buffer.from(value).toString('latin1')]),
    );
    const response = await post(await sharedGateway(), { url: '/cloudevents', headers: onTheWire, body: String(body) });
    expect(response.json()).toMatchObject({ routed: true });
    const [message] = messages();
    expect(JSON.parse(Buffer.from(message?.body ?? []).toString())).toEqual({ name: 'Zoë', total: 1.5 });
    const { id, source, subject } = sent;
    expect(message?.headers).toMatchObject({
      ...{ cloudEvents_id: id, cloudEvents_source: source, cloudEvents_subject: subject, cloudEvents_priority: 'high' },
      cloudEvents_time: sent.time,
    });
  });
});
