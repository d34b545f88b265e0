import { readFileSync, statSync } from 'node:fs';
import { errorMessage } from '../errors.ts';
import { withoutSecrets } from '../text/without-secrets.ts';

const maxBytes = 1024 * 1024;

/**
 * Reads a file of certificates or keys, which a setting names.
 *
 * @param issues gets what is wrong with the file
 * @returns its text; undefined where there is an issue
 */
export function readSettingFile(setting: string, file: string, issues: string[]): string | undefined {
  try {
    const stats = statSync(file);
    // Reading a pipe could wait without end.
    const issue = stats.isDirectory()
      ? 'is a directory; name a file in it'
      : !stats.isFile()
        ? 'is not a regular file'
        : stats.size > maxBytes
          ? `has ${stats.size} bytes; ${maxBytes} are allowed`
          : undefined;
    if (issue === undefined) return readFileSync(file, 'utf8');
    issues.push(`${setting}: ${file} ${issue}`);
  } catch (error) {
    // Put there by mistake, it can be the URL.
    issues.push(`${setting}: ${withoutSecrets(unreadable(error, file))}`);
  }
  return undefined;
}

function unreadable(error: unknown, file: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return `${file} does not exist`;
  return code === 'EACCES' ? `${file} may not be read by this process (EACCES)` : errorMessage(error);
}
