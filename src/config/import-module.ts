import { pathToFileURL } from 'node:url';
import { errorMessage } from '../errors.ts';
import { assertRegularFile } from '../file/regular-file.ts';

/** The entries of this package that a user's module may import. It must get those of this process. */
const publicEntries = ['littoral', 'littoral/testing'];

/**
 * Imports a file of a user: JavaScript, or TypeScript without a build step.
 *
 * @param path absolute
 * @param isFresh true to evaluate the file and all that it imports again, even if this process has imported it before
 * @returns the module's exports
 * @throws the module's own exception, which need not be an Error; an error if the path is not a regular file
 */
export async function importModule(path: string, isFresh = false): Promise<Readonly<Record<string, unknown>>> {
  assertRegularFile(path);
  // Node evaluates a file and its imports only once.
  if (isFresh) return importByJiti(path, { moduleCache: false });
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    if (!isForJiti(error)) throw error;
    return importByJiti(path);
  }
}

async function importByJiti(path: string, options = {}): Promise<Readonly<Record<string, unknown>>> {
  // jiti is loaded only for such a file, because loading it takes a tenth of the start time.
  const { createJiti } = await import('jiti');
  const jiti = createJiti(path, {
    ...options,
    // The file must define its handlers with this copy of the package, not with another one.
    virtualModules: await modulesOf(publicEntries),
    // Only the default export is the configuration. Other exports are no settings.
    interopDefault: false,
    // A cache would be a folder that every user of the machine can write to, and its code would run here.
    fsCache: false,
  });
  return jiti.import(path);
}

/** Imports the entries by their names, by self-reference of the package: importing the files would be circular. */
async function modulesOf(names: readonly string[]): Promise<Record<string, unknown>> {
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await import(name)])));
}

function isForJiti(error: unknown): boolean {
  // The file can throw any value, not only errors.
  const { code } = Object(error) as { code?: unknown };
  // Node before 22.18 runs no TypeScript. Later versions run only syntax whose types can be stripped.
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return true;
  // This is a file outside of a project, used with a global installation.
  return code === 'ERR_MODULE_NOT_FOUND' && errorMessage(error).includes("package 'littoral'");
}
