import { expect, test } from 'vitest';
import { fromAmqp } from '../../src/engine/amqp/amqp-message-mapper.ts';
import { type BasicProperties, decodeProperties, encodeProperties } from '../../src/engine/amqp/basic-properties.ts';
import type { MessageHeaders } from '../../src/message/message-headers.ts';
import { decodeHeaderValue, encodeHeaderValue } from '../../src/text/header-value.ts';
import { type RawField, sized, tableOf } from '../engine/amqp/raw-message.ts';
import { readPage } from './page-code.ts';

const page = readPage('docs/headers.md');

/** The cells of the tables of the page whose first cell is like this. */
function rows(first: RegExp): string[][] {
  return page
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([cell = '']) => first.test(cell));
}

/** The texts in code quotes. */
function codes(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

function received(properties: BasicProperties, headers: Readonly<Record<string, RawField>> = {}): MessageHeaders {
  const fields = [tableOf(headers)];
  const decoded = decodeProperties(encodeProperties(properties, fields));
  return fromAmqp({ properties: decoded, content: Buffer.alloc(0), fields: {} } as never).headers;
}

const samples: Readonly<Record<string, BasicProperties>> = {
  content_type: { contentType: 'text/plain' },
  content_encoding: { contentEncoding: 'gzip' },
  delivery_mode: { deliveryMode: 1 },
  priority: { priority: 7 },
  correlation_id: { correlationId: 'c-1' },
  reply_to: { replyTo: 'answers' },
  expiration: { expiration: '60000' },
  message_id: { messageId: 'm-1' },
  timestamp: { timestamp: 1_700_000_000 },
  type: { type: 'anything' },
  user_id: { userId: 'guest' },
  app_id: { appId: 'shop' },
  cluster_id: { clusterId: 'east' },
};

const properties = rows(/^`[a-z]+(_[a-z]+)?`$/).filter((row) => row.length === 3);

test('every property of AMQP has a row', () => {
  expect(properties.map(([name]) => codes(name)[0]).sort()).toEqual(Object.keys(samples).sort());
});

test.each(properties.map(([name, header]) => [codes(name)[0] as string, codes(header)] as const))(
  '%s comes as the header that the page names first',
  (name, [header = '']) => {
    const [value] = Object.values(samples[name] as BasicProperties);
    expect(received(samples[name] as BasicProperties)[header]).toBe(name === 'expiration' ? 60_000 : value);
  },
);

test.each([
  ['correlationId', 'amqp_correlationId', { correlationId: 'other' }, 'other'],
  ['id', 'amqp_messageId', { messageId: 'other' }, 'other'],
  ['timestamp', 'amqp_timestamp', { timestamp: 5 }, 5],
] as const)('a property that differs from the header %s has a header of its own, %s', (header, own, sent, value) => {
  expect(page).toContain(`\`${own}\` where it differs`);
  expect(received(sent, { [header]: sized('S', 'first') })).toMatchObject({ [header]: 'first', [own]: value });
});

test('what says the same as a header adds none', () => {
  const headers = {
    id: sized('S', 'i-1'),
    correlationId: sized('S', 'c-1'),
    contentType: sized('S', 'text/plain'),
    'ecotone.distributed.routingKey': sized('S', 'change'),
    'ecotone.distributed.sourceServiceName': sized('S', 'shop'),
  };
  const same = { messageId: 'i-1', correlationId: 'c-1', contentType: 'text/plain', type: 'change', appId: 'shop' };
  expect(Object.keys(received({ ...same, deliveryMode: 2 }, headers))).toEqual(Object.keys(headers));
});

test('0 stands for none', () => {
  expect(received({ priority: 0, timestamp: 0 })).toEqual({ amqp_priority: 0, amqp_timestamp: 0 });
});

const values: Readonly<Record<string, readonly [field: RawField, value: unknown]>> = {
  S: [sized('S', Buffer.from([0x61, 0xff])), 'a\ufffd'],
  t: ['t:01', true],
  b: ['b:ff', -1],
  B: ['B:ff', 255],
  s: ['s:ffff', -1],
  u: ['u:ffff', 65_535],
  I: ['I:ffffffff', -1],
  i: ['i:ffffffff', 4_294_967_295],
  l: ['l:0020000000000001', 9_007_199_254_740_993n],
  f: ['f:3fc00000', 1.5],
  d: ['d:3ff8000000000000', 1.5],
  T: ['T:0000000065920080', 1_704_067_200],
  D: ['D:02000004d2', 12.34],
  V: ['V:', null],
  x: [sized('x', 'abc'), Buffer.from('abc')],
  F: [sized('F', tableOf({ a: 't:00' })), { a: false }],
  A: [sized('A', Buffer.from('V')), [null]],
};

test('every type of AMQP has a row', () => {
  const types = rows(/^`[A-Za-z]`/).flatMap(([cell]) => codes(cell));
  expect(types.sort()).toEqual(Object.keys(values).sort());
});

test.each(Object.entries(values))('a header of type %s is what the page says', (_type, [field, value]) => {
  expect(received({}, { any: field }).any).toEqual(value);
});

test('an int64 up to 2^53 is a number', () => {
  expect(received({}, { max: 'l:0020000000000000', min: 'l:ffe0000000000000', low: 'l:ffdfffffffffffff' })).toEqual({
    max: 2 ** 53,
    min: -(2 ** 53),
    low: -(2n ** 53n) - 1n,
  });
});

const decoding = rows(/^`[^`]*%/).filter((row) => row.length === 2);

test('a value of a text header is decoded as its row says', () => {
  expect(decoding.length).toBeGreaterThan(3);
  for (const [values = '', text = ''] of decoding) {
    const [expected] = codes(text);
    // The second code of the first row says which bytes give the same text.
    for (const value of codes(values.replace(/ or the bytes.*/, ''))) {
      expect(decodeHeaderValue(value)).toBe(expected ?? value);
      if (expected !== undefined) expect(encodeHeaderValue(expected)).toBe(value);
    }
  }
});
