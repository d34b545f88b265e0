import { describe, expect, test } from 'vitest';
import { inheritedFrom } from '../../src/message/inherited-headers.ts';
import { Header, type MessageHeaders } from '../../src/message/message-headers.ts';

const inherited = (headers: MessageHeaders) => inheritedFrom({ headers, payload: '' });

describe('a message hands on', () => {
  test('the headers that its sender chose', () => {
    const own = {
      executorId: '7',
      attempt: 3,
      ratio: 0.5,
      vip: true,
      id64: 9007199254740993n,
      traceparent: '00-…',
      empty: '',
    };
    expect(inherited(own).headers).toEqual(own);
  });

  test('its correlation id, and its id as that of the parent', () => {
    expect(inherited({ [Header.id]: 'a', [Header.correlationId]: 'b' })).toMatchObject({
      correlationId: 'b',
      parentId: 'a',
    });
    expect(inherited({ [Header.id]: 'a' })).toMatchObject({ correlationId: 'a', parentId: 'a' });
    expect(inherited({})).toMatchObject({ correlationId: undefined, parentId: undefined });
  });
});

describe('a message keeps for itself', () => {
  test.each([
    'x-death',
    'x-delivery-count',
    'x-anything',
    'ecotone_retry_number',
    'ecotone.distributed.routingKey',
    'ecotone.amqp.distributed.service_target',
    'exception-message',
    'amqp_redelivered',
    '__TypeId__',
    'contentType',
    'timestamp',
    'priority',
    'deliveryDelay',
    'timeToLive',
    'polledChannelName',
    'routingSlip',
    'replyChannel',
    'CC',
    'BCC',
    'id',
    'correlationId',
    'parentId',
    '42',
  ])('the header %s', (name) => {
    expect(inherited({ [name]: 'x', mine: 'y' }).headers).toEqual({ mine: 'y' });
  });

  test.each<[string, number | bigint]>([
    ['a double that is a large integer', 2 ** 60],
    ['a timestamp beyond an int64', 2n ** 64n - 1n],
  ])('nothing of what can be sent as it came: %s', (_, theirs) => {
    const headers = { theirs };
    const arrived = { headers, isWhole: true, encoded: 'as it came' };
    const { headers: sent, arrived: form } = inheritedFrom({ headers, payload: '', arrived });
    expect(sent).toEqual({ theirs });
    expect(form).toEqual({ headers: { theirs }, isWhole: false, encoded: 'as it came' });
  });

  test('the form of what its handler sets itself', () => {
    const headers = { theirs: 1, mine: 2 };
    const arrived = { headers, isWhole: true, encoded: 'as it came' };
    expect(inheritedFrom({ headers, payload: '', arrived }, { mine: 2 }).arrived?.headers).toEqual({ theirs: 1 });
  });

  test.each<[string, unknown]>([
    ['a table', { a: 1 }],
    ['a list', [1]],
    ['bytes', new Uint8Array(2)],
    ['null', null],
    ['a number that is none', Number.NaN],
    ['a number too large to be exact', 2 ** 60],
    ['an integer of more than 64 bits', 2n ** 63n],
    ['text that is not Unicode', '\ud800'],
  ])('what it could not send itself: %s', (_, value) => {
    expect(inherited({ theirs: value, '': 'x', '\ud800': 'x', ['ż'.repeat(128)]: 'x', mine: 'y' }).headers).toEqual({
      mine: 'y',
    });
  });

  test.each([7, '', 'x'.repeat(256), '\ud800', null, {}])('an id that is none: %j', (id) => {
    expect(inherited({ [Header.id]: id, [Header.correlationId]: id })).toMatchObject({
      correlationId: undefined,
      parentId: undefined,
    });
  });
});
