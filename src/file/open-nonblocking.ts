import { constants, fstatSync, openSync } from 'node:fs';

/**
 * Opens standard output or standard error again, so that a write fails with EAGAIN instead of blocking: at a pipe whose
 * reader hangs, or at a terminal that is held by Ctrl-S. The original descriptor is unchanged, because other processes
 * can share it.
 *
 * @returns a file descriptor; the original one if it cannot be opened again
 */
export function openNonblocking(fd: 1 | 2): number {
  // A file never blocks in this way, and a second descriptor would have its own offset.
  if (fstatSync(fd).isFile()) return fd;
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    // A socket, another user's pipe, or a system without /proc. Node itself sets its own output, if it is a pipe or
    // a socket, to non-blocking, and restores it at its end.
    void (fd === 1 ? process.stdout : process.stderr);
    return fd;
  }
}
