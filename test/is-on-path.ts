import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Returns whether a program can be started by its name. */
export function isOnPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((part) => {
    try {
      accessSync(join(part, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
