import { constants, fstatSync, openSync } from 'node:fs';

/**
 * Opens standard output or standard error once more, such that a write fails with EAGAIN where it would block: at a pipe
 * whose reader hangs, or at a terminal that is held by Ctrl-S. The descriptor itself stays as it is, for other processes
 * can share it.
 *
 * @returns a file descriptor; the same one where it cannot be opened again
 */
export function openNonblocking(fd: 1 | 2): number {
  // A file never blocks in this way, and a second descriptor of it would have an offset of its own.
  if (fstatSync(fd).isFile()) return fd;
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    // A socket, another user's pipe, or a system without /proc. Node sets what it writes to by itself, if it is a pipe or
    // a socket, to non-blocking, and back at its end.
    void (fd === 1 ? process.stdout : process.stderr);
    return fd;
  }
}
