import { type BigIntStats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Returns a text that changes with each change of a file: its identity, size and times, or the error code. */
export function versionNow(path: string): string {
  try {
    return describe(path, statSync(path, { bigint: true }));
  } catch (error) {
    return describe(path, error as NodeJS.ErrnoException);
  }
}

/** Returns the same as `versionNow`, without blocking. */
export async function versionOf(path: string): Promise<string> {
  return describe(path, await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => error));
}

/** Only the system sets the change time of the inode, so a copied modification time cannot hide a change. */
function describe(path: string, found: BigIntStats | NodeJS.ErrnoException): string {
  if (!('ino' in found)) return `${path} ${found.code}`;
  return `${path} ${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
}
