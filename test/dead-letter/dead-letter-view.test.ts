import { describe, expect, test } from 'vitest';
import type { DeadLetterView } from '../../src/dead-letter/dead-letter-view.ts';
import { Header, type MessageHeaders } from '../../src/message/message-headers.ts';
import { viewOf } from './view-of.ts';

const body = Buffer.from('{}');
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function view(headers: MessageHeaders, of = body): DeadLetterView {
  return viewOf({ headers, body: of });
}

function death(fields: object): MessageHeaders {
  return { 'x-death': [{ reason: 'expired', queue: 'distributed_billing', time: 1_700_000_000, ...fields }] };
}

describe('the id of a dead letter', () => {
  test('is the one that it was given', () => {
    const id = '019F8A1E-8C0A-7C3E-9D51-2F1A7F3F2F10';
    expect(view({ [Header.deadLetterId]: id }).id).toBe(id.toLowerCase());
  });

  test.each([undefined, 7, 'x', '../..', { a: 1 }])('is derived where that is no UUID: %s', (id) => {
    expect(view({ [Header.deadLetterId]: id }).id).toMatch(uuid);
  });

  test('is derived equally each time, and differently for another message', () => {
    const first = view(death({})).id;
    expect(view({ ...death({}), [Header.deliveryCount]: 2 }).id).toBe(first);
    const others = [
      view(death({ time: 1 })),
      view(death({ reason: 'x' })),
      view({ ...death({}), id: 'a' }),
      view(death({}), Buffer.from('[]')),
    ];
    expect(new Set([first, ...others.map(({ id }) => id)]).size).toBe(5);
  });

  test('is derived from headers that JSON cannot express', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 20_000; level++) deep = { deep };
    expect(view({ deep }).id).toMatch(uuid);
    expect(view({ count: 7n }).id).toMatch(uuid);
    expect(view({ deep }).details().headers).toMatchObject({ deep: { deep: {} } });
  });
});

describe('what the broker gave up', () => {
  test.each([
    ['delivery_limit', 'delivered more than 20 times'],
    ['expired', 'expired before it could be handled'],
    ['rejected', 'rejected'],
    ['maxlen', 'no room'],
    ['constructor', 'constructor'],
    ['something new', 'something new'],
  ])('is explained: %s', (reason, words) => {
    const summary = view(death({ reason })).summary();
    expect(summary).toMatchObject({
      reason: expect.stringContaining(words),
      deadLetteredAt: '2023-11-14T22:13:20.000Z',
    });
    expect(summary).not.toHaveProperty('error');
  });

  test.each([undefined, 'x', [], [7], [null], [{ reason: 7 }]])('is not guessed from an x-death of %s', (deaths) => {
    expect(view({ 'x-death': deaths }).summary()).toEqual({
      id: expect.stringMatching(uuid),
      bytes: 2,
      payload: { text: '{}' },
    });
  });
});

test('no header swells a list, or is shown as what it is not', () => {
  const long = 'x'.repeat(60_000);
  const names = [Header.id, Header.correlationId, Header.payloadType, Header.routingKey, Header.failedEndpoint];
  const more = [Header.failedService, Header.contentType, Header.errorClass, Header.errorMessage];
  const swollen = Object.fromEntries([...names, ...more].map((name) => [name, long]));
  expect(JSON.stringify(view({ ...swollen, ...death({ reason: long }) }).summary()).length).toBeLessThan(5000);
  const odd = { [Header.deadLetteredAt]: 1e15 * 9, [Header.attempts]: 1.5, [Header.id]: 7, [Header.errorLine]: 'x' };
  expect(view(odd).details()).toEqual({
    id: expect.stringMatching(uuid),
    bytes: 2,
    payload: { text: '{}' },
    headers: odd,
  });
});
