/** The longest time that a timer of Node can wait: a longer one overflows it, and it fires at once. */
export const longestTimeoutMs = 2 ** 31 - 1;

/**
 * Waits for some work until a deadline.
 *
 * @param deadlineMs from now, in milliseconds
 * @returns whether the work completed in time
 * @throws what the work rejects with in time
 */
export async function completesWithin(deadlineMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<false>((resolve) => {
    // After a stall, timers come before what has arrived in time and waits to be read. An immediate comes behind it.
    const passed = () => setImmediate(resolve, false);
    timer = setTimeout(passed, Math.min(deadlineMs, longestTimeoutMs));
  });
  try {
    return await Promise.race([work.then(() => true), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
