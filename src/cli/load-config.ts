import { pathToFileURL } from 'node:url';
import type { Config } from '../config/config.ts';
import { loadConfigFile } from '../config/file.ts';
import { loadHandlers } from '../config/load-handlers.ts';

/**
 * Loads a configuration with the handlers that its patterns find.
 *
 * @param file the value of `--config`
 * @throws LittoralError `invalid-configuration`, `invalid-handlers`
 */
export async function loadConfig(file: string | undefined): Promise<Config> {
  process.on('beforeExit', onNothingLeft);
  try {
    const { config, path } = await loadConfigFile(file);
    const baseUrl = path === undefined ? undefined : pathToFileURL(path);
    return { ...config, handlers: await loadHandlers(config.handlers, { baseUrl }) };
  } finally {
    process.off('beforeExit', onNothingLeft);
  }
}

/** Reports a file that waits for an event that never occurs. Node would end silently with exit code 0. */
function onNothingLeft(): void {
  process.stderr.write(
    'littoral: the configuration file, or a file of handlers, did not finish loading; it waits for an event that never occurs.\n',
  );
  process.exit(1);
}
