import { describe, expect, test } from 'vitest';
import type { BindingGap, HandlerCall, RequestAttempt, SentMessage } from './ledger.ts';
import { isMissed } from './missed-events.ts';

const attempt = (more: Partial<RequestAttempt> = {}): RequestAttempt => {
  return { sentAt: 1000, answeredAt: 1005, status: 202, messageId: 'id', outcome: 'accepted', ...more };
};
const event = (more: Partial<SentMessage> = {}): SentMessage => {
  const usual = { mark: 'm', kind: 'event', endpoints: ['billing:steady', 'billing:flaky', 'shop:audit'] };
  return { ...usual, eventKey: 'order.placed', unhandleable: false, delayMs: 0, attempts: [attempt()], ...more };
};
const call = (endpoint: string, begunAt = 1010): HandlerCall => {
  const usual = { mark: 'm', bodyMark: 'm', messageId: 'id', retry: 0, process: 1 };
  return { ...usual, endpoint, begunAt, endedAt: begunAt + 1, outcome: 'succeeded' };
};
const gap = (from: number, until: number, more: Partial<BindingGap> = {}): BindingGap => {
  return { service: 'billing', key: 'order.*', from, until, ...more };
};

const audited = [call('shop:audit')];

describe('a service may lack an event', () => {
  test.each<[string, SentMessage, HandlerCall[], BindingGap[]]>([
    ['that was published while it was not bound', event(), audited, [gap(900, 1100)]],
    ['that may have been published just before it was bound again', event(), audited, [gap(900, 1000)]],
    ['that may have been published just after its binding was deleted', event(), audited, [gap(1005, 1100)]],
    ['that no service has got', event(), [], [gap(900, 1100)]],
    [
      'whose repetition was accepted while it was not bound',
      event({ attempts: [attempt({ outcome: 'unknown' }), attempt({ sentAt: 2000, answeredAt: 2005 })] }),
      audited,
      [gap(1990, 2001)],
    ],
    ['that was due while it was not bound', event({ delayMs: 500 }), [call('shop:audit', 1600)], [gap(1400, 1500)]],
    [
      'that was late, and not bound when another got it',
      event({ delayMs: 500 }),
      [call('shop:audit', 9000)],
      [gap(8000, 8900)],
    ],
  ])('%s', (_, message, calls, gaps) => {
    expect(isMissed(message, 'billing', calls, gaps)).toBe(true);
  });
});

describe('a service must not lack', () => {
  test.each<[string, SentMessage, HandlerCall[], BindingGap[]]>([
    ['an event when no binding was missing', event(), audited, []],
    ['an event that was accepted before its binding was deleted', event(), audited, [gap(1006, 1100)]],
    ['an event that was sent after it was bound again', event(), audited, [gap(900, 999)]],
    ['an event while another service was not bound', event(), [], [gap(900, 1100, { service: 'shop' })]],
    ['an event while another key was not bound', event(), audited, [gap(900, 1100, { key: 'parcel.sent' })]],
    ['a command while it was not bound', event({ eventKey: undefined }), [], [gap(900, 1100, { key: 'billing' })]],
    ['an event that one of its handlers got', event(), [call('billing:steady')], [gap(900, 1100)]],
    [
      'an event whose repetition was accepted when it was bound again',
      event({ attempts: [attempt({ outcome: 'unknown' }), attempt({ sentAt: 2000, answeredAt: 2005 })] }),
      audited,
      [gap(900, 1100)],
    ],
    ['an event that was not due before it was bound again', event({ delayMs: 500 }), audited, [gap(900, 1400)]],
    [
      'an event that another got before the binding was deleted',
      event({ delayMs: 500 }),
      [call('shop:audit', 1600)],
      [gap(1700, 1800)],
    ],
  ])('%s', (_, message, calls, gaps) => {
    expect(isMissed(message, 'billing', calls, gaps)).toBe(false);
  });
});
