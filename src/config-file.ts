import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createJiti } from 'jiti';
import type { Config } from './config.ts';
import { jsonFault } from './conversion/json-fault.ts';
import { LittoralError, messageOf } from './errors.ts';

/** What is looked for in the working directory, the first that exists. */
const defaultNames = ['ts', 'js', 'mjs', 'json'].map((extension) => `littoral.config.${extension}`);

/** Modules that a configuration file imports by name, and must find as the ones of this process. */
export type VirtualModules = Readonly<Record<string, unknown>>;

export interface LoadedConfig {
  readonly config: Config;
  /** Where it came from; undefined when there is no file and the environment says everything. */
  readonly path: string | undefined;
}

/**
 * Loads a configuration file: .ts without a build step, .js, .mjs or .json.
 *
 * @param path relative to the working directory. Default: `littoral.config.…` there, if there is one
 * @throws LittoralError `invalid-configuration` with the path and the cause
 */
export async function loadConfigFile(path: string | undefined, modules: VirtualModules): Promise<LoadedConfig> {
  const found = path ?? defaultNames.find((name) => existsSync(name));
  if (found === undefined) return { config: {}, path: undefined };
  const absolute = resolve(found);
  if (!existsSync(absolute)) throw invalid(absolute, 'does not exist');
  const config = await read(absolute, modules).catch((cause) => {
    throw invalid(absolute, `cannot be loaded: ${messageOf(cause)}`, cause);
  });
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw invalid(absolute, 'has no configuration; write export default defineConfig({ … })');
  }
  return { config: config as Config, path: absolute };
}

async function read(path: string, modules: VirtualModules): Promise<unknown> {
  if (path.endsWith('.json')) return parseJson(await readFile(path, 'utf8'));
  const loaded = (await importModule(path, modules)) as { default?: unknown };
  return loaded.default;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Its own words quote the file, which may hold a password.
    throw new SyntaxError(`it is not JSON: ${jsonFault(error)}`);
  }
}

async function importModule(path: string, modules: VirtualModules): Promise<unknown> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    if (!isForJiti(error, modules)) throw error;
    const jiti = createJiti(path, {
      // The file must define its handlers for this copy of the package, not for one of its own.
      virtualModules: modules as Record<string, unknown>,
      // Without a default export there is no configuration: other exports are no settings.
      interopDefault: false,
      // It would be a folder that every user of the machine can write to, and its code would run here.
      fsCache: false,
    });
    return jiti.import(path);
  }
}

function isForJiti(error: unknown, modules: VirtualModules): boolean {
  // Whatever the file threw: it need not be an error.
  const { code } = Object(error) as { code?: unknown };
  // Node before 22.18 reads no TypeScript, and later ones none of its syntax that must be compiled.
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return true;
  // A file outside of a project, beside a global installation.
  return (
    code === 'ERR_MODULE_NOT_FOUND' &&
    Object.keys(modules).some((name) => messageOf(error).includes(`package '${name}'`))
  );
}

function invalid(path: string, fault: string, cause?: unknown): LittoralError {
  return new LittoralError('invalid-configuration', `The configuration file ${path} ${fault}.`, { cause });
}
