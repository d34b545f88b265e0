import { CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toCloudEventRequest } from '../../src/delivery/cloud-event-request.ts';
import { readCloudEvent } from '../../src/http/bindings/cloud-event-request.ts';
import { inheritedFrom } from '../../src/message/inherited-headers.ts';
import type { TransportMessage } from '../../src/message/transport-message.ts';
import { anyText, digits } from '../arbitraries.ts';
import { openQueue, post, sharedGateway } from '../http/gateway-fixture.ts';

const structuredType = 'application/cloudevents+json; charset=utf-8';
const modes = ['binary', 'structured'] as const;

/** Publishes an event over HTTP, and returns the message that arrived on the bus. */
async function publish(headers: Record<string, string>, body: string | Uint8Array): Promise<TransportMessage> {
  const arrived = openQueue(await sharedGateway(), 'round-trip', ['#']);
  const response = await post(await sharedGateway(), { url: '/cloudevents', headers, body });
  expect({ status: response.statusCode, body: response.body }).toMatchObject({ status: 202 });
  return arrived()[0] ?? expect.unreachable('nothing arrived');
}

/** Returns the event in which a message leaves, as littoral reads it. */
function leaving({ headers, body: payload }: TransportMessage, mode: 'binary' | 'structured') {
  const request = toCloudEventRequest({ headers, payload }, { mode });
  return readCloudEvent(new Map(Object.entries(request.headers)), request.body);
}

const text = anyText.filter((value) => !/[\p{Cc}\p{Noncharacter_Code_Point}]/u.test(value) && value.length < 50);
const required = text.filter((value) => value !== '');
const extensionValue = fc.oneof(text, fc.boolean(), fc.integer());
const extensionName = fc
  .stringMatching(/^[a-z0-9]{1,20}$/)
  .filter((name) => !/^(id|source|type|specversion|time|subject|data.*|expirytime|correlationid)$/.test(name));
const attributes = fc
  .record({
    core: fc.record({ id: required, source: required, type: fc.stringMatching(/^[a-z]{1,5}(\.[a-z]{1,5}){0,3}$/) }),
    optional: fc.record(
      { subject: required, dataschema: required, time: fc.constantFrom('2026-12-01T09:00:00.123456789+01:00') },
      { requiredKeys: [] },
    ),
    extensions: fc.dictionary(extensionName, extensionValue, { maxKeys: 5 }),
  })
  .map(({ core, optional, extensions }) => ({ specversion: '1.0', ...core, ...optional, ...extensions }));

const json = fc.oneof(
  fc.json(),
  digits,
  fc.tuple(digits, anyText).map(([number, name]) => `{ ${JSON.stringify(name)}:[${number} ,${number}.10]}`),
);
/** The members of a structured event that hold its data, and the data as bytes. */
const data = fc.oneof(
  json.map((written) => ({ members: `"data":${written}`, type: 'application/json', bytes: Buffer.from(written) })),
  anyText.map((written) => ({
    members: `"datacontenttype":"text/plain","data":${JSON.stringify(written)}`,
    type: 'text/plain',
    bytes: Buffer.from(written),
  })),
  fc.uint8Array().map((bytes) => ({
    members: `"datacontenttype":"image/png","data_base64":"${Buffer.from(bytes).toString('base64')}"`,
    type: 'image/png',
    bytes: Buffer.from(bytes),
  })),
);

describe('an event that was published over HTTP', () => {
  test('leaves as the same event in both modes', async () => {
    await fc.assert(
      fc.asyncProperty(attributes, data, async (sent, { members, type, bytes }) => {
        const body = `${JSON.stringify(sent).slice(0, -1)},${members}}`;
        const message = await publish({ 'content-type': structuredType }, body);
        const [binary, structured] = modes.map((mode) => leaving(message, mode));
        for (const event of [binary, structured]) {
          expect(Buffer.from(event?.data ?? [])).toEqual(bytes);
          // An event without data need not have a type.
          if (bytes.length > 0) expect(event?.contentType).toBe(type);
        }
        expect({ ...structured?.attributes }).toEqual(sent);
        const asText = Object.fromEntries(Object.entries(sent).map(([name, value]) => [name, String(value)]));
        expect({ ...binary?.attributes }).toEqual(asText);
      }),
      { numRuns: 100 },
    );
  });

  test('is the same for the official SDK', async () => {
    const sent = new CloudEvent({
      ...{ id: 'A 1', source: '/shop/orders', type: 'order.placed', subject: 'a-7', time: '2026-12-01T09:00:00.000Z' },
      ...{ datacontenttype: 'application/json', data: { name: 'Zoë', total: 1.5 }, vip: true, retries: 3 },
    });
    for (const write of [HTTP.binary, HTTP.structured]) {
      const { headers, body } = write(sent);
      const asText = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
      const message = await publish(asText, String(body));
      for (const mode of modes) {
        const request = toCloudEventRequest({ headers: message.headers, payload: message.body }, { mode });
        const received = HTTP.toEvent({ headers: request.headers, body: Buffer.from(request.body).toString() });
        const { id, source, type, subject, time, data } = received as CloudEvent;
        expect({ id: decodeURIComponent(id), source, type, subject, time, data }).toEqual({
          ...{ id: 'A 1', source: '/shop/orders', type: 'order.placed', subject: 'a-7' },
          ...{ time: '2026-12-01T09:00:00.000Z', data: { name: 'Zoë', total: 1.5 } },
        });
        expect(received).toMatchObject({ vip: expect.anything(), retries: expect.anything() });
      }
    }
  });

  test('is not claimed by what its handler sends', async () => {
    const sent = { specversion: '1.0', id: '7', source: '/shop', type: 'order.placed', tenant: 'a' };
    const message = await publish({ 'content-type': structuredType }, JSON.stringify(sent));
    const headers = { ...message.headers, 'cloudEvents:id': '7', 'ce-id': '7', mine: 'x' };
    expect(inheritedFrom({ headers, payload: message.body }).headers).toEqual({ mine: 'x' });
  });
});
