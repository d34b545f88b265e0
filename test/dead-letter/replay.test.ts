import { describe, expect, test } from 'vitest';
import { replayOf } from '../../src/dead-letter/replay.ts';
import { Header, type MessageHeaders } from '../../src/message/message-headers.ts';
import { deadLetter } from '../../src/recovery/dead-letter.ts';
import { viewOf } from './view-of.ts';

const body = Buffer.from('the body');
const headers = { [Header.id]: 'a', [Header.correlationId]: 'b', executorId: '7' };

function replayedHeaders(of: MessageHeaders): MessageHeaders {
  return replayOf(viewOf({ headers: of, body }), 'billing').message.headers;
}

function replayedTo(of: MessageHeaders): string {
  return replayOf(viewOf({ headers: of, body }), 'billing').queue;
}

describe('what is replayed', () => {
  test('is the message as it came, for the handler that failed', () => {
    const delivery = { message: { headers, body }, routingKey: 'order.placed', viaBus: true };
    const place = { service: 'billing', queue: 'distributed_billing' };
    const letter = deadLetter(delivery, { error: new Error('x'), endpointId: 'audit', attempts: 4 }, place);
    const retried = { ...letter, headers: { ...letter.headers, [Header.retryNumber]: 3 } };
    const replay = replayOf(viewOf(retried), 'billing');
    expect(replay.queue).toBe('distributed_billing');
    expect(replay.message.body).toBe(body);
    expect(replay.message.headers).toEqual({
      ...headers,
      [Header.failedEndpoint]: 'audit',
      [Header.publishedKey]: 'order.placed',
    });
  });

  test('starts over if it was deferred', () => {
    const deferred = { ...headers, [Header.deferredSince]: 1, [Header.deferrals]: 7, [Header.publishedKey]: 'a.b' };
    expect(replayedHeaders(deferred)).toEqual({ ...headers, [Header.publishedKey]: 'a.b' });
  });

  test('has no notes of the broker, but as text', () => {
    const noted = { ...headers, 'x-death': [{ reason: 'expired' }], 'x-first-death-reason': 'expired', CC: ['x'] };
    const replayed = replayedHeaders({ ...noted, [Header.deliveryCount]: 20 });
    expect(replayed).toEqual({ ...headers, [Header.brokerHistory]: expect.stringContaining('expired') });
  });

  test('knows the key that it was published under, where only the broker had noted it', () => {
    const death = { reason: 'delivery_limit', queue: 'distributed_billing', 'routing-keys': ['order.placed'] };
    const viaBus = { ...headers, 'x-death': [{ ...death, exchange: 'ecotone.distributed' }] };
    expect(replayedHeaders(viaBus)).toMatchObject({ [Header.publishedKey]: 'order.placed' });
    // A retry comes down from a delay, and has the key of its first time.
    const retried = { ...headers, 'x-death': [{ ...death, exchange: 'littoral_billing_delay_end' }] };
    expect(replayedHeaders({ ...retried, [Header.publishedKey]: 'first' })).toMatchObject({
      [Header.publishedKey]: 'first',
    });
    expect(replayedHeaders(retried)).not.toHaveProperty([Header.publishedKey]);
    const straight = { ...headers, 'x-death': [{ ...death, exchange: '' }] };
    expect(replayedHeaders(straight)).not.toHaveProperty([Header.publishedKey]);
  });
});

test('what the sender of a message on the bus wrote of its past counts no more after a replay', () => {
  const death = { reason: 'expired', queue: 'distributed_billing', 'routing-keys': ['order.placed'] };
  const claims = {
    [Header.failedEndpoint]: 'audit',
    [Header.publishedKey]: 'x',
    [Header.failedQueue]: 'littoral_billing_due',
  };
  const viaBus = { ...headers, ...claims, 'x-death': [{ ...death, exchange: 'ecotone.distributed' }] };
  const { [Header.brokerHistory]: _, ...replayed } = replayedHeaders(viaBus);
  expect(replayed).toEqual({ ...headers, [Header.publishedKey]: 'order.placed' });
  expect(replayedTo(viaBus)).toBe('distributed_billing');
  // A retry that ended its process: littoral wrote it.
  const retried = { ...headers, ...claims, 'x-death': [{ ...death, exchange: 'littoral_billing_delay_end' }] };
  expect(replayedHeaders(retried)).toMatchObject({ [Header.failedEndpoint]: 'audit', [Header.publishedKey]: 'x' });
});

describe('a dead letter that was set aside, and that the broker then dead-lettered', () => {
  const letter = {
    ...headers,
    [Header.deadLetterId]: '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10',
    [Header.deadLetterReason]: 'refused',
    [Header.errorClass]: 'Reject',
    [Header.failedEndpoint]: 'audit',
    [Header.failedQueue]: 'distributed_billing',
    [Header.setAside]: 3,
    'x-death': [{ reason: 'delivery_limit', queue: 'littoral_billing_due', exchange: 'littoral_billing_delay_end' }],
  };

  test('is replayed for the handler that failed', () => {
    expect(replayedTo(letter)).toBe('distributed_billing');
    const { [Header.brokerHistory]: _, ...replayed } = replayedHeaders(letter);
    expect(replayed).toEqual({ ...headers, [Header.failedEndpoint]: 'audit' });
  });

  test('is shown with the error that it failed with', () => {
    const view = viewOf({ headers: letter, body });
    expect([view.reasonCode, view.errorClass]).toEqual(['refused', 'Reject']);
  });

  test('stays out of the dead letter queue when it is replayed to the queue of due messages', () => {
    const due = { ...letter, [Header.failedQueue]: 'littoral_billing_due' };
    expect(replayedTo(due)).toBe('littoral_billing_due');
    expect(replayedHeaders(due)).not.toHaveProperty(Header.setAside);
  });

  test('is identified by the broker if a sender wrote that it was set aside', () => {
    const death = { reason: 'delivery_limit', queue: 'distributed_billing' };
    expect(viewOf({ headers: { ...letter, 'x-death': [death] }, body }).reasonCode).toBe('delivery_limit');
  });
});

describe('a replay goes to', () => {
  test.each<[string, MessageHeaders, string]>([
    [
      'the queue that the message was taken from',
      { [Header.failedQueue]: 'littoral_billing_due' },
      'littoral_billing_due',
    ],
    [
      'the one that the broker noted',
      { 'x-death': [{ reason: 'expired', queue: 'littoral_billing_due' }] },
      'littoral_billing_due',
    ],
    ['the queue of the service, where nobody knows', {}, 'distributed_billing'],
    ['it, and to no queue of others', { [Header.failedQueue]: 'distributed_shop' }, 'distributed_billing'],
    ['it, for a header that is no text', { [Header.failedQueue]: ['littoral_billing_due'] }, 'distributed_billing'],
  ])('%s', (_, of, queue) => {
    expect(replayedTo(of)).toBe(queue);
  });
});
