import { setImmediate } from 'node:timers/promises';

const largeBytes = 64 * 1024;

/** Returns whether a body, as it is decoded, is so large that decoding it several times would hold up the process. */
export function isLarge(body: unknown): boolean {
  return body instanceof Uint8Array && body.byteLength >= largeBytes;
}

/** Lets everything else happen that waits for the event loop. */
export async function nextTurn(): Promise<void> {
  await setImmediate();
}
