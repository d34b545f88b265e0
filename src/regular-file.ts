import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';

/**
 * Reads a file that a setting names. Only a regular file, or a link to one, is read: a FIFO without a writer would hold
 * the process, a device can have no end.
 *
 * @param maxBytes of the file
 * @returns its text
 * @throws what the system says of it; an error that names the file and what is wrong with it
 */
export function readRegularFile(path: string, maxBytes: number): string {
  assertRegularFile(path);
  // It can be replaced since: a FIFO would be opened without waiting for its writer.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    assertRegular(path, stats);
    if (stats.size > maxBytes) throw new Error(`'${path}' is larger than ${maxBytes} bytes`);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** @throws what the system says of the file; an error that names it and what it is */
export function assertRegularFile(path: string): void {
  assertRegular(path, statSync(path));
}

function assertRegular(path: string, stats: Stats): void {
  if (!stats.isFile()) throw new Error(`'${path}' is ${kindOf(stats)}, not a regular file`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}
