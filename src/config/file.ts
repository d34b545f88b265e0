import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describeJsonError } from '../conversion/json/describe-json-error.ts';
import { parseJson, UnreadableNumbers } from '../conversion/json/parse-json.ts';
import { occursTwice, repeatedMember } from '../conversion/json/repeated-member.ts';
import { LittoralError } from '../errors.ts';
import { readRegularFile } from '../file/regular-file.ts';
import { withoutByteOrderMark } from '../text/byte-order-mark.ts';
import { describeValue } from '../text/describe-value.ts';
import type { Config } from './config.ts';
import { describeLoadFailure } from './describe-load-failure.ts';
import { importModule } from './import-module.ts';

/** The file names that are looked for in the working directory. The first that exists is used. */
const defaultNames = ['ts', 'js', 'mjs', 'json'].map((extension) => `littoral.config.${extension}`);

const maxJsonBytes = 16 * 1_048_576;

export interface LoadedConfig {
  readonly config: Config;
  /** The file that it was read from; undefined if there is none and the environment has all settings. */
  readonly path: string | undefined;
}

/**
 * Loads a configuration file: .ts without a build step, .js, .mjs or .json.
 *
 * @param isFresh true to evaluate the file and all that it imports again, even if this process has loaded it before
 * @param path relative to the working directory. Default: `littoral.config.…` there, if there is one
 * @throws LittoralError `invalid-configuration` with the path and the cause
 */
export async function loadConfigFile(path: string | undefined, isFresh = false): Promise<LoadedConfig> {
  const absolute = configPath(path);
  if (absolute === undefined) return { config: {}, path: undefined };
  if (!existsSync(absolute)) throw invalid(absolute, 'does not exist');
  const config = await read(absolute, isFresh).catch((cause) => {
    throw invalid(absolute, `cannot be loaded: ${describeLoadFailure(absolute, cause)}${kindsAfter(absolute)}`, cause);
  });
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw invalid(absolute, `has no configuration${adviceFor(absolute, config)}`);
  }
  return { config: config as Config, path: absolute };
}

/** Returns the absolute path of the configuration file; undefined if there is none. See `loadConfigFile`. */
export function configPath(path: string | undefined): string | undefined {
  const found = path ?? defaultNames.find((name) => existsSync(name));
  return found === undefined ? undefined : resolve(found);
}

async function read(path: string, isFresh: boolean): Promise<unknown> {
  if (path.endsWith('.json')) return parseConfig(readRegularFile(path, maxJsonBytes));
  return (await importModule(path, isFresh)).default;
}

function parseConfig(written: string): unknown {
  const text = withoutByteOrderMark(written);
  let config: unknown;
  try {
    config = parseJson(text);
  } catch (error) {
    if (error instanceof UnreadableNumbers) {
      throw new SyntaxError(error.issues.map(({ path, message }) => `${path} ${message}`).join('; '));
    }
    // The message of `JSON.parse` quotes the file, which may contain a password.
    throw new SyntaxError(`it is not JSON: ${describeJsonError(error)}`);
  }
  const repeated = repeatedMember(text);
  if (repeated !== undefined) throw new SyntaxError(`${repeated} ${occursTwice}`);
  return config;
}

/** Names the kinds of files, where the file that cannot be loaded is of another one. */
function kindsAfter(path: string): string {
  return /\.(json|[cm]?[jt]s)$/.test(path) ? '' : '; write the configuration as .ts, .js, .mjs or .json';
}

function adviceFor(path: string, found: unknown): string {
  if (path.endsWith('.json'))
    return `: it holds ${describeValue(found)}; write an object such as { "service": "billing" }`;
  const isMissing = found === undefined;
  return `${isMissing ? '' : `: its default export is ${describeValue(found)}`}; write export default defineConfig({ … })`;
}

function invalid(path: string, issue: string, cause?: unknown): LittoralError {
  return new LittoralError('invalid-configuration', `The configuration file ${path} ${issue}.`, { cause });
}
