import { describe, expect, test } from 'vitest';
import { maxWindow, SendWindow } from '../../src/bus/send-window.ts';

describe('SendWindow', () => {
  test('gives one sender the whole window', () => {
    const window = new SendWindow();
    expect(window.share).toBe(maxWindow);
    window.enter();
    expect(window.share).toBe(maxWindow);
  });

  test.each([2, 3, 10, maxWindow])('divides the window between %i senders', (count) => {
    const window = withSenders(count);
    expect(window.share * count).toBeLessThanOrEqual(maxWindow);
    expect((window.share + 1) * count).toBeGreaterThan(maxWindow);
  });

  test('gives each sender one message, however many senders there are', () => {
    expect(withSenders(10 * maxWindow).share).toBe(1);
  });

  test('gives the share of a sender that left to the others', () => {
    const window = withSenders(2);
    window.leave();
    expect(window.share).toBe(maxWindow);
  });
});

function withSenders(count: number): SendWindow {
  const window = new SendWindow();
  for (let index = 0; index < count; index++) window.enter();
  return window;
}
