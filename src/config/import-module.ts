import { pathToFileURL } from 'node:url';
import { errorMessage } from '../errors.ts';
import { assertRegularFile } from '../file/regular-file.ts';

/** What a module of a user may import of this package. It must find the ones of this process. */
const publicEntries = ['littoral', 'littoral/testing'];

/**
 * Imports a file of a user: JavaScript, or TypeScript without a build step.
 *
 * @param path absolute
 * @returns the module's exports
 * @throws the module's own exception, which need not be an Error; an error if the path is not a regular file
 */
export async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  assertRegularFile(path);
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    if (!isForJiti(error)) throw error;
    // Loaded for such a file only, because it takes a tenth of the start.
    const { createJiti } = await import('jiti');
    const jiti = createJiti(path, {
      // The file must define its handlers for this copy of the package, not for one of its own.
      virtualModules: await modulesOf(publicEntries),
      // Without a default export there is no configuration: other exports are no settings.
      interopDefault: false,
      // It would be a folder that every user of the machine can write to, and its code would run here.
      fsCache: false,
    });
    return jiti.import(path);
  }
}

/** By their names, as the package finds itself: an import of the files would be a circle. */
async function modulesOf(names: readonly string[]): Promise<Record<string, unknown>> {
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await import(name)])));
}

function isForJiti(error: unknown): boolean {
  // Whatever the file threw: it need not be an error.
  const { code } = Object(error) as { code?: unknown };
  // Node before 22.18 reads no TypeScript, and later ones none of its syntax that must be compiled.
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return true;
  // A file outside of a project, beside a global installation.
  return code === 'ERR_MODULE_NOT_FOUND' && errorMessage(error).includes("package 'littoral'");
}
