import fc from 'fast-check';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { defineCommandHandler, defineEventHandler } from '../../src/handler/define-handler.ts';
import { Header, type MessageHeaders } from '../../src/message/message-headers.ts';
import { header } from '../../src/parameter/header.ts';
import { headers } from '../../src/parameter/headers.ts';
import { payload } from '../../src/parameter/payload.ts';
import { TestClock } from '../../src/testing/test-clock.ts';
import { anyText } from '../arbitraries.ts';
import { commandHeaders, type EndpointFixture, eventHeaders, runEndpoint, turns } from './endpoint-fixture.ts';

const Tree = Type.Cyclic({ Node: Type.Array(Type.Ref('Node')) }, 'Node');

/** An endpoint that asks for all there is, and notes the good messages that its handler got. */
async function runGood(clock?: TestClock): Promise<EndpointFixture & { good: unknown[] }> {
  const good: unknown[] = [];
  const handlers = [
    defineCommandHandler({
      routingKey: 'change',
      distributed: true,
      parameters: { change: payload(Type.Object({ good: Type.Integer() })), all: headers() },
      handle: ({ change }) => good.push(change.good),
    }),
    defineCommandHandler({ routingKey: 'tree', distributed: true, payload: Tree, handle() {} }),
    defineCommandHandler({ routingKey: 'any', distributed: true, handle() {} }),
    defineEventHandler({
      routingKey: 'order.*',
      distributed: true,
      parameters: [payload(), header('executorId', Type.Optional(Type.String()))],
      handle() {},
    }),
  ];
  const fixture = await runEndpoint(handlers, 10, undefined, 60_000, clock && { clock });
  return { ...fixture, good };
}

const deep = (brackets: string) => [...brackets].map((bracket) => bracket.repeat(20_000)).join('');

const strange: [string, MessageHeaders, string | Uint8Array][] = [
  ['no headers at all', {}, ''],
  ['no content type', { ...commandHeaders, [Header.contentType]: undefined }, '{"good":1}'],
  ['a content type without a slash', { ...commandHeaders, [Header.contentType]: 'json' }, '{"good":1}'],
  ['a content type that is a number', { ...commandHeaders, [Header.contentType]: 7 }, '{"good":1}'],
  ['a huge content type', { ...commandHeaders, [Header.contentType]: `a/${'x'.repeat(100_000)}` }, '{}'],
  ['a content type that nobody decodes', { ...commandHeaders, [Header.contentType]: 'image/png' }, '{"good":1}'],
  ['the content type of a value', { ...commandHeaders, [Header.contentType]: 'application/x-js' }, '{"good":1}'],
  ['an unknown charset', { ...commandHeaders, [Header.contentType]: 'text/plain; charset=klingon' }, 'x'],
  ['headers whose names are numbers', { ...commandHeaders, 7: 'seven', '-1': 1 }, '{}'],
  [
    'headers named like parts of every object',
    { ...commandHeaders, constructor: 1, toString: 2, hasOwnProperty: 3 },
    '{}',
  ],
  ['broken JSON', commandHeaders, '{"good":'],
  ['no body', commandHeaders, ''],
  ['20,000 levels of arrays', commandHeaders, deep('[]')],
  ['20,000 levels for a recursive type', { ...commandHeaders, [Header.routingKey]: 'tree' }, deep('[]')],
  [
    '20,000 levels of XML',
    { ...commandHeaders, [Header.contentType]: 'text/xml' },
    '<a>'.repeat(20_000) + '</a>'.repeat(20_000),
  ],
  [
    'a document type',
    { ...commandHeaders, [Header.contentType]: 'text/xml' },
    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
  ],
  ['a broken form', { ...commandHeaders, [Header.contentType]: 'application/x-www-form-urlencoded' }, 'a=%'],
  ['an unknown kind', { ...commandHeaders, [Header.payloadType]: 'query' }, '{}'],
  ['a kind in capitals', { ...commandHeaders, [Header.payloadType]: 'COMMAND' }, '{}'],
  ['a kind that is a table', { ...commandHeaders, [Header.payloadType]: { a: 1 } }, '{}'],
  ['an unknown command', { ...commandHeaders, [Header.routingKey]: 'nobody' }, '{}'],
  ['a command of a prototype', { ...commandHeaders, [Header.routingKey]: '__proto__' }, '{}'],
  ['a routing key that is a number', { ...commandHeaders, [Header.routingKey]: 7 }, '{}'],
  ['an event without a key', { ...eventHeaders, [Header.routingKey]: undefined }, '{}'],
  ['an event with a huge key', { ...eventHeaders, [Header.routingKey]: 'order.'.repeat(100_000) }, '{}'],
  ['a message for a channel', { ...commandHeaders, [Header.payloadType]: 'message' }, '{}'],
  ['what is not UTF-8', commandHeaders, Uint8Array.from([0x22, 0xff, 0xfe, 0x22])],
  ['10 MB of text', { ...commandHeaders, [Header.contentType]: 'text/plain' }, 'x'.repeat(10_000_000)],
  ['10 MB of JSON', { ...commandHeaders, [Header.routingKey]: 'any' }, JSON.stringify('x'.repeat(10_000_000))],
  ['10 MB of what looks like XML', { ...commandHeaders, [Header.contentType]: 'text/xml' }, '<'.repeat(10_000_000)],
  ['a history that is none', { ...commandHeaders, 'x-death': 'yes', 'x-delivery-count': 'many' }, '{'],
  ['PHP objects', { ...commandHeaders, [Header.contentType]: 'application/x-php-serialized' }, 'O:8:"stdClass":0:{}'],
];

describe('whatever arrives, the next good message is handled', () => {
  test.each(strange)('%s', async (_, all, body) => {
    const { send, settled, waiting, channel, good } = await runGood();
    await send(all, body);
    await send(commandHeaders, '{"good":2}');
    await settled(2);
    expect(good).toContain(2);
    expect(channel.verdicts).toEqual(['acknowledged', 'acknowledged']);
    expect(waiting()).toEqual([]);
  });

  test('anything at all, of which nothing is lost or left', async () => {
    const clock = new TestClock();
    const { send, settled, waiting, deadLetters, channel, good } = await runGood(clock);
    await fc.assert(
      fc.asyncProperty(anyHeaders, anyBody, async (all, body) => {
        const before = channel.verdicts.length;
        await send(all, body);
        await send(commandHeaders, '{"good":2}');
        await settled(before + 2);
        expect(good.pop()).toBe(2);
        good.length = 0;
      }),
      { numRuns: 500 },
    );
    // Events of unknown keys are deferred until their grace period ends.
    for (let seconds = 0; seconds <= 600; seconds++) {
      clock.moveTo(seconds * 1000);
      await turns();
    }
    expect(new Set(channel.verdicts)).toEqual(new Set(['acknowledged']));
    expect(waiting()).toEqual([]);
    const unhandled = deadLetters().filter(({ headers: { [Header.payloadType]: kind } }) => kind === 'event');
    expect(unhandled.length).toBeGreaterThan(0);
    for (const { headers: letter } of deadLetters()) expect(letter).toHaveProperty(Header.errorMessage);
  });
});

/** What AMQP can express. */
const { fieldValue } = fc.letrec((tie) => ({
  fieldValue: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    anyText,
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 8 }),
    fc.array(tie('fieldValue'), { maxLength: 3 }),
    fc.dictionary(anyText, tie('fieldValue'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

const kinds = fc.constantFrom('command', 'event', 'message');
const keys = fc.constantFrom('change', 'tree', 'any', 'order.placed', 'order.', '', '*');
const contentTypes = fc.constantFrom(
  'application/json',
  'text/plain; charset=utf-16le',
  'text/xml',
  'application/x-www-form-urlencoded',
  'application/octet-stream',
);

/** Like headers of the bus, so that they get further than the first check, with some of them replaced by anything. */
const anyHeaders: fc.Arbitrary<MessageHeaders> = fc
  .tuple(
    fc.record({
      [Header.payloadType]: fc.oneof({ weight: 5, arbitrary: kinds }, { weight: 1, arbitrary: fieldValue }),
      [Header.routingKey]: fc.oneof({ weight: 5, arbitrary: keys }, { weight: 1, arbitrary: fieldValue }),
      [Header.contentType]: fc.oneof({ weight: 5, arbitrary: contentTypes }, { weight: 1, arbitrary: fieldValue }),
    }),
    fc.record(
      {
        [Header.targetServiceName]: fc.oneof(fc.constantFrom('billing', 'shop'), fieldValue),
        [Header.id]: fieldValue,
        [Header.correlationId]: fieldValue,
        [Header.deliveryCount]: fieldValue,
        'x-death': fieldValue,
        executorId: fieldValue,
      },
      { requiredKeys: [] },
    ),
    fc.dictionary(anyText, fieldValue, { maxKeys: 3, noNullPrototype: true }),
  )
  .map(([bus, more, any]) => ({ ...any, ...more, ...bus }));

const anyBody: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  anyText,
  fc.json(),
  fc.constantFrom('<a><b c="d">e</b></a>', 'a=1&a=%20', '{"good":1}', '[[[]]]'),
);
