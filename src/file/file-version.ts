import { type BigIntStats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

/** Returns a text that is another one after each change of a file: its identity, size and times, or why it has none. */
export function versionNow(path: string): string {
  try {
    return describe(path, statSync(path, { bigint: true }));
  } catch (error) {
    return describe(path, error as NodeJS.ErrnoException);
  }
}

/** Returns what `versionNow` does, without blocking. */
export async function versionOf(path: string): Promise<string> {
  return describe(path, await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => error));
}

/** The time of the last change of the inode is set by the system alone, so a copied modification time hides nothing. */
function describe(path: string, found: BigIntStats | NodeJS.ErrnoException): string {
  if (!('ino' in found)) return `${path} ${found.code}`;
  return `${path} ${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
}
