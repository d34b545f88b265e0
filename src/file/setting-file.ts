import { errorMessage } from '../errors.ts';
import { withoutSecrets } from '../text/without-secrets.ts';
import { readRegularFile } from './regular-file.ts';

/** Maximum size of a file of certificates. A system's file of authorities has hundreds of certificates. */
const maxBytes = 1024 * 1024;

/**
 * Reads a file of certificates or keys, which a setting names.
 *
 * @param issues gets what is wrong with the file
 * @returns its text; undefined where there is an issue
 */
export function readSettingFile(setting: string, file: string, issues: string[]): string | undefined {
  try {
    return readRegularFile(file, maxBytes);
  } catch (error) {
    // Put there by mistake, it can be the URL.
    issues.push(`${setting}: ${withoutSecrets(unreadable(error, file))}`);
    return undefined;
  }
}

/** Describes why a file cannot be read. */
export function unreadable(error: unknown, file: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return `${file} does not exist`;
  return code === 'EACCES' ? `${file} may not be read by this process (EACCES)` : errorMessage(error);
}
