import { pathToFileURL } from 'node:url';
import type { Config } from '../config/config.ts';
import { configPath, loadConfigFile } from '../config/file.ts';
import { loadHandlers } from '../config/load-handlers.ts';
import type { Environment } from '../config/resolve.ts';
import { FileWatch } from '../file/file-watch.ts';
import type { ConfigSource } from '../gateway/config-watch.ts';

/**
 * Loads a configuration with the handlers that its patterns find.
 *
 * @param file the value of `--config`
 * @throws LittoralError `invalid-configuration`, `invalid-handlers`
 */
export async function loadConfig(file: string | undefined): Promise<Config> {
  process.on('beforeExit', onNothingLeft);
  try {
    return await load(file, false);
  } finally {
    process.off('beforeExit', onNothingLeft);
  }
}

async function load(file: string | undefined, isFresh: boolean): Promise<Config> {
  const { config, path } = await loadConfigFile(file, isFresh);
  const baseUrl = path === undefined ? undefined : pathToFileURL(path);
  return { ...config, handlers: await loadHandlers(config.handlers, { baseUrl }) };
}

/** Returns the place of a configuration: its file, and the files of secrets that variables name. */
export function configSource(file: string | undefined, environment: Environment): ConfigSource {
  const path = configPath(file);
  const { ADMIN_TOKEN_FILE } = environment;
  const files = [path, ADMIN_TOKEN_FILE].flatMap((name) => name || []);
  return {
    load: () => load(file, true),
    watch: new FileWatch({ paths: () => files }),
  };
}

/** Reports a file that waits for an event that never occurs. Node would end silently with exit code 0. */
function onNothingLeft(): void {
  process.stderr.write(
    'littoral: the configuration file, or a file of handlers, did not finish loading; it waits for an event that never occurs.\n',
  );
  process.exit(1);
}
