import { expect, test } from 'vitest';
import { deadLetter } from '../../src/endpoint/dead-letter.ts';
import { Header } from '../../src/message/message-headers.ts';

const message = { headers: { id: '1', executorId: '7' }, body: Buffer.from('the body') };

test('a dead letter has the message as it came', () => {
  const { headers, body } = deadLetter(message, { error: new Error('a'), endpointId: 'change' });
  expect(headers).toMatchObject(message.headers);
  expect(body).toBe(message.body);
  expect(message.headers).toEqual({ id: '1', executorId: '7' });
});

test('a dead letter of a dead letter says why it failed this time', () => {
  const first = deadLetter(message, { error: new TypeError('first'), endpointId: 'change' });
  const second = deadLetter(first, { error: new RangeError('second') });
  expect(second.headers).toMatchObject({ [Header.errorClass]: 'RangeError', [Header.errorMessage]: 'second' });
  expect(second.headers).not.toHaveProperty(Header.failedEndpoint);
  expect(second.headers[Header.deadLetterId]).not.toBe(first.headers[Header.deadLetterId]);
});

test('a dead letter without room for a stack trace has none, not even an earlier one', () => {
  const first = deadLetter(message, { error: new Error('first') });
  const second = deadLetter(first, { error: new Error('second') }, false);
  expect(first.headers).toHaveProperty(Header.errorStackTrace);
  expect(second.headers).not.toHaveProperty(Header.errorStackTrace);
});

test('a header that is named like the prototype stays a header', () => {
  const headers = JSON.parse('{"__proto__":"x","id":"1"}');
  const letter = deadLetter({ headers, body: message.body }, { error: 'a' });
  expect(Object.entries(letter.headers)).toContainEqual(['__proto__', 'x']);
});
