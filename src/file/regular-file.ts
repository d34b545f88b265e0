import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';

/**
 * Reads a file that a setting names. Only a regular file, or a link to one, is read: a FIFO without a writer would block
 * the process, and a device can be endless.
 *
 * @param maxBytes maximum size of the file
 * @returns its text
 * @throws the system's error; an error that names the file and the problem
 */
export function readRegularFile(path: string, maxBytes: number): string {
  assertRegularFile(path);
  // The file can be replaced after the check: O_NONBLOCK opens a FIFO without waiting for its writer.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    assertRegular(path, stats);
    if (stats.size > maxBytes) throw new Error(`'${path}' has ${stats.size} bytes; ${maxBytes} are allowed`);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Throws if a path is not a regular file. @throws the system's error; an error that names the file and its kind */
export function assertRegularFile(path: string): void {
  assertRegular(path, statSync(path));
}

function assertRegular(path: string, stats: Stats): void {
  if (stats.isFile()) return;
  const hint = stats.isDirectory() ? '; name a file in it' : '';
  throw new Error(`'${path}' is ${kindOf(stats)}, not a regular file${hint}`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}
