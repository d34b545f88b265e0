import { expect, test } from 'vitest';
import { Header } from '../../src/message/message-headers.ts';
import type { TransportMessage } from '../../src/message/transport-message.ts';
import { deadLetter } from '../../src/recovery/dead-letter.ts';

const place = { service: 'billing', queue: 'distributed_billing' };
const message = { headers: { id: '1', executorId: '7' }, body: Buffer.from('the body') };
const straight = (of = message as TransportMessage) => ({ message: of, routingKey: 'x', viaBus: false });

test('a dead letter has the message as it came', () => {
  const { headers, body } = deadLetter(straight(), { error: new Error('a'), endpointId: 'change' }, place);
  expect(headers).toMatchObject(message.headers);
  expect(body).toBe(message.body);
  expect(message.headers).toEqual({ id: '1', executorId: '7' });
});

test('a dead letter of a dead letter says why it failed this time', () => {
  const first = deadLetter(straight(), { error: new TypeError('first'), endpointId: 'change' }, place);
  const second = deadLetter(straight(first), { error: new RangeError('second') }, place);
  expect(second.headers).toMatchObject({ [Header.errorClass]: 'RangeError', [Header.errorMessage]: 'second' });
  expect(second.headers).not.toHaveProperty(Header.failedEndpoint);
  expect(second.headers[Header.deadLetterId]).not.toBe(first.headers[Header.deadLetterId]);
});

test('a dead letter without room for a stack trace has none, not even an earlier one', () => {
  const first = deadLetter(straight(), { error: new Error('first') }, place);
  const second = deadLetter(straight(first), { error: new Error('second') }, place, false);
  expect(first.headers).toHaveProperty(Header.errorStackTrace);
  expect(second.headers).not.toHaveProperty(Header.errorStackTrace);
});

test('a header that is named like the prototype stays a header', () => {
  const headers = JSON.parse('{"__proto__":"x","id":"1"}');
  const letter = deadLetter(straight({ headers, body: message.body }), { error: 'a' }, place);
  expect(Object.entries(letter.headers)).toContainEqual(['__proto__', 'x']);
});

test('a dead letter says where it failed, how often it was tried, and under which key it was published', () => {
  const delivery = { message, routingKey: 'order.placed', viaBus: true };
  const first = deadLetter(delivery, { error: 'a', endpointId: 'change', attempts: 4 }, place);
  const expected = {
    [Header.failedService]: 'billing',
    [Header.failedQueue]: 'distributed_billing',
    [Header.attempts]: 4,
    [Header.publishedKey]: 'order.placed',
  };
  expect(first.headers).toMatchObject(expected);
  const again = deadLetter(straight(first), { error: 'b' }, place);
  expect(again.headers).toMatchObject({ ...expected, [Header.attempts]: 0 });
});

test('a dead letter has no set-aside header before it is set aside', () => {
  const headers = { ...message.headers, [Header.setAside]: 2 };
  const letter = deadLetter(straight({ headers, body: message.body }), { error: 'a' }, place);
  expect(letter.headers).not.toHaveProperty(Header.setAside);
});
