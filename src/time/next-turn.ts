import { setImmediate } from 'node:timers/promises';

const largeBytes = 64 * 1024;

/** Returns whether a body is so large that decoding it several times would hold up the process. */
export function isLarge(body: Uint8Array): boolean {
  return body.byteLength >= largeBytes;
}

/** Lets everything else happen that waits for the event loop. */
export async function nextTurn(): Promise<void> {
  await setImmediate();
}
