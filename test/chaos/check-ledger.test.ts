import { describe, expect, test } from 'vitest';
import { checkLedger } from './check-ledger.ts';
import type { DeadLetterSeen, HandlerCall, Ledger, ObservedFault, RequestAttempt, SentMessage } from './ledger.ts';

const attempt = (more: Partial<RequestAttempt> = {}): RequestAttempt => {
  return { sentAt: 1000, answeredAt: 1005, status: 202, messageId: 'id', outcome: 'accepted', ...more };
};
const refused = attempt({ status: 503, outcome: 'not-accepted' });
const unanswered = attempt({ status: undefined, messageId: undefined, outcome: 'unknown' });

const sent = (more: Partial<SentMessage> = {}): SentMessage => {
  const usual = { mark: 'm', kind: 'command', endpoints: ['billing:pay'], unhandleable: false, delayMs: 0 };
  return { ...usual, attempts: [attempt()], ...more };
};
const call = (more: Partial<HandlerCall> = {}): HandlerCall => {
  const usual = { mark: 'm', bodyMark: 'm', messageId: 'id', endpoint: 'billing:pay', retry: 0, process: 1 };
  return { ...usual, begunAt: 1010, endedAt: 1012, outcome: 'succeeded', ...more };
};
const deadLetter = (more: Partial<DeadLetterSeen> = {}): DeadLetterSeen => {
  const queue = 'distributed_billing_dead_letter';
  return { queue, mark: 'm', messageId: 'id', endpoint: 'billing:pay', reason: 'on purpose', ...more };
};
const fault = (from: number, until: number): ObservedFault => ({ kind: 'broker killed', target: 'all', from, until });
const away: ObservedFault = { kind: 'application away', target: 'all', from: 900, until: 2000 };
const unhandled = sent({ endpoints: [], unhandleable: true });
const full: ObservedFault = { kind: 'dead letter queues full', target: 'all', from: 900, until: 2000 };

const check = (ledger: Partial<Ledger>) =>
  checkLedger({ sent: [sent()], calls: [], deadLetters: [], faults: [], gaps: [], setAside: [], ...ledger });
const violations = (ledger: Partial<Ledger>) => check(ledger).violations.map(({ what }) => what);

const failed = call({ outcome: 'failed' });
const later = call({ begunAt: 1100, endedAt: 1105 });

describe('nothing is wrong with', () => {
  test.each<[string, Partial<Ledger>]>([
    ['a message that was handled', { calls: [call()] }],
    ['one that failed and became a dead letter', { calls: [failed], deadLetters: [deadLetter()] }],
    [
      'one that failed, was retried, and failed in the end',
      { calls: [failed, call({ outcome: 'failed', begunAt: 1200, retry: 1 })], deadLetters: [deadLetter()] },
    ],
    ['one that was refused', { sent: [sent({ attempts: [refused] })] }],
    ['one whose outcome is not known', { sent: [sent({ attempts: [unanswered] })] }],
    [
      'one whose outcome is not known, and which was handled',
      { sent: [sent({ attempts: [unanswered] })], calls: [call()] },
    ],
    [
      'one that was refused first and taken later',
      { sent: [sent({ attempts: [refused, attempt()] })], calls: [call()] },
    ],
    ['one that waited', { sent: [sent({ delayMs: 10 })], calls: [call()] }],
    [
      'an event that one service missed, because it was not bound',
      {
        sent: [sent({ eventKey: 'paid', endpoints: ['billing:pay', 'shop:audit'] })],
        calls: [call()],
        gaps: [{ service: 'shop', key: 'paid', from: 900, until: 1001 }],
      },
    ],
    [
      'one that nobody can handle, as a dead letter',
      {
        sent: [sent({ endpoints: [], unhandleable: true })],
        deadLetters: [deadLetter({ endpoint: undefined, reason: 'no handler' })],
      },
    ],
  ])('%s', (_, ledger) => {
    expect(check(ledger)).toMatchObject({ violations: [], duplicates: {} });
  });
});

describe('it is a violation when', () => {
  test.each<[string, Partial<Ledger>, string]>([
    ['what was accepted is gone', {}, 'lost: not handled by billing:pay'],
    [
      'a handler has begun and never ended',
      { calls: [call({ outcome: 'begun' })] },
      'lost: not handled by billing:pay',
    ],
    ['a failure has left nothing', { calls: [failed] }, 'lost: not handled by billing:pay'],
    [
      'one of several handlers has not got it',
      { sent: [sent({ endpoints: ['billing:pay', 'shop:audit'] })], calls: [call()] },
      'lost: not handled by shop:audit',
    ],
    [
      'the dead letter is of another handler',
      {
        sent: [sent({ endpoints: ['billing:flaky', 'billing:pay'] })],
        calls: [call({ endpoint: 'billing:flaky', outcome: 'failed' })],
        deadLetters: [deadLetter({ endpoint: 'billing:flaky' })],
      },
      'lost: not handled by billing:pay',
    ],
    [
      'nobody can handle it and it is gone',
      { sent: [sent({ endpoints: [], unhandleable: true })] },
      'lost: neither handled nor in a dead letter queue',
    ],
    ['a message is handled that nobody sent', { sent: [], calls: [call()] }, 'invented: nobody sent it'],
    ['a dead letter is there that nobody sent', { sent: [], deadLetters: [deadLetter()] }, 'invented: nobody sent it'],
    [
      'what was refused is handled',
      { sent: [sent({ attempts: [refused, refused] })], calls: [call()] },
      'handled, though every request for it was refused',
    ],
    [
      'what was refused becomes a dead letter',
      { sent: [sent({ endpoints: [], unhandleable: true, attempts: [refused] })], deadLetters: [deadLetter()] },
      'a dead letter, though every request for it was refused',
    ],
    [
      'it reaches a handler that it was not for',
      { calls: [call(), call({ endpoint: 'shop:audit' })] },
      'handled by shop:audit, which it was not sent to',
    ],
    [
      'it becomes a dead letter though nothing failed',
      { calls: [call()], deadLetters: [deadLetter({ endpoint: undefined, reason: 'delivery_limit' })] },
      'a dead letter though nothing failed (no endpoint): delivery_limit',
    ],
    ['two messages are mixed up', { calls: [call({ bodyMark: 'other' })] }, 'came with the body of other'],
    ['its id has changed', { calls: [call({ messageId: 'new' })] }, 'its id is new; the caller was told id'],
    [
      'a number has changed',
      { sent: [sent({ exact: '9007199254740993' })], calls: [call({ exact: '9007199254740992' })] },
      'its values are 9007199254740992; those that were sent are 9007199254740993',
    ],
    [
      'a number of a dead letter has changed',
      {
        sent: [sent({ exact: '1' })],
        calls: [call({ outcome: 'failed', exact: '1' })],
        deadLetters: [deadLetter({ exact: '2' })],
      },
      'its values are 2; those that were sent are 1',
    ],
    [
      'a repeated request is two messages',
      { sent: [sent({ attempts: [attempt(), attempt({ messageId: 'new' })] })], calls: [call()] },
      'one idempotency key had several ids: id, new',
    ],
    ['it is early', { sent: [sent({ delayMs: 100 })], calls: [call()] }, 'handled 90 ms before it was due'],
    [
      'an attempt was counted while its application was away',
      { calls: [call({ retry: 1 })], faults: [away] },
      'an unexplained duplicate: billing:pay was called again',
    ],
    [
      'it is posted again although its application has answered before it went away',
      { calls: [call(), later], faults: [away] },
      'an unexplained duplicate: billing:pay was called again',
    ],
    ['it is handled twice', { calls: [call(), later] }, 'an unexplained duplicate: billing:pay was called again'],
    [
      'it is handled twice, and the fault was over by then',
      { calls: [call(), later], faults: [fault(900, 1009), fault(1101, 1200)] },
      'an unexplained duplicate: billing:pay was called again',
    ],
    [
      'it is handled twice, and no more than a binding was missing',
      { calls: [call(), later], faults: [{ ...fault(900, 1200), kind: 'bindings of a service deleted' }] },
      'an unexplained duplicate: billing:pay was called again',
    ],
    [
      'it waited and is handled twice, and no more than a dead letter queue was full',
      {
        sent: [sent({ delayMs: 5 })],
        calls: [call(), { ...later, retry: 1 }],
        faults: [full],
      },
      'an unexplained duplicate: billing:pay was called again',
    ],
    [
      'it is retried although it has succeeded',
      { calls: [call(), call({ begunAt: 1100, retry: 1 })] },
      'an unexplained duplicate: billing:pay was called again',
    ],
    [
      'one failure is retried twice',
      { calls: [failed, call({ begunAt: 1100, retry: 1 }), call({ begunAt: 1200, retry: 1 })] },
      'an unexplained duplicate: billing:pay was called again',
    ],
    [
      'a command is gone, although its service was not bound',
      { gaps: [{ service: 'billing', key: 'billing', from: 900, until: 2000 }], faults: [full] },
      'lost: not handled by billing:pay',
    ],
    [
      'nobody can handle it, and it is two dead letters',
      {
        sent: [unhandled],
        deadLetters: [deadLetter({ endpoint: undefined }), deadLetter({ endpoint: undefined })],
        faults: [full, fault(900, 999)],
      },
      '2 dead letters without an endpoint, and no fault that explains them',
    ],
    [
      'what was set aside is two dead letters, without another fault',
      {
        calls: [failed],
        deadLetters: [deadLetter(), deadLetter()],
        setAside: [{ messageId: 'id', at: 1020 }],
        faults: [full],
      },
      '2 dead letters of billing:pay, and 0 duplicates',
    ],
    [
      'one failure has left two dead letters',
      { calls: [failed], deadLetters: [deadLetter(), deadLetter()] },
      '2 dead letters of billing:pay, and 0 duplicates',
    ],
  ])('%s', (_, ledger, expected) => {
    expect(violations(ledger)).toEqual([expected]);
  });
});

test('a dead letter may be stored twice if a fault occurred while it was set aside', () => {
  const deadLetters = [deadLetter(), deadLetter()];
  const faults = [full, fault(1500, 1600)];
  const setAside = [{ messageId: 'id', at: 1020 }];
  expect(violations({ calls: [failed], deadLetters, faults, setAside })).toEqual([]);
});

describe('a duplicate is explained and counted when', () => {
  test.each<[string, Partial<Ledger>, string]>([
    [
      'it was unacknowledged during a fault',
      { calls: [call(), later], faults: [fault(1050, 1060)] },
      'unacknowledged during a fault',
    ],
    [
      'it was unacknowledged during a fault, and was requeued behind its own retry',
      {
        calls: [failed, call({ outcome: 'failed', begunAt: 1150, retry: 1 }), call({ begunAt: 1200 })],
        deadLetters: [deadLetter()],
        faults: [fault(1050, 1100)],
      },
      'unacknowledged during a fault',
    ],
    [
      'its dead letter queue refused it, so that it was redelivered',
      { calls: [failed, call({ outcome: 'failed', begunAt: 1100 })], deadLetters: [deadLetter()], faults: [full] },
      'unacknowledged during a fault',
    ],
    [
      'its application went away before its answer was read',
      { calls: [call(), call({ retry: 1, begunAt: 1100, endedAt: 1105 })], faults: [away] },
      'the application went away with its answer',
    ],
    [
      'its handler was killed with its process',
      { calls: [call({ outcome: 'begun' }), later], faults: [fault(1011, 1090)] },
      'unacknowledged during a fault',
    ],
    [
      'it was published again during a fault',
      { sent: [sent({ delayMs: 5 })], calls: [call(), later], faults: [fault(1001, 1002)] },
      'published again during a fault',
    ],
    [
      'it was deferred during a fault',
      { sent: [sent({ deferrable: true })], calls: [call(), later], faults: [fault(1001, 1002)] },
      'published again during a fault',
    ],
    [
      'its request was repeated, because the first answer was lost',
      { sent: [sent({ attempts: [unanswered, attempt()] })], calls: [call(), later] },
      'the request was repeated',
    ],
  ])('%s', (_, ledger, reason) => {
    expect(check(ledger)).toMatchObject({ violations: [], duplicates: { [reason]: 1 } });
  });
});
