import { afterEach, beforeEach, vi } from 'vitest';
import { turns } from './endpoint-fixture.ts';

/** Lets the timers of every test of a file stand still: nothing waits for real time. */
export function freezeTime(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

/** Lets frozen time go on, and everything happen that was waiting for it. */
export async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
  await turns();
}
