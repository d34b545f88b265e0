import { fileURLToPath } from 'node:url';
import { type SpawnOptions, spawnProcess } from '../spawn-process.ts';

const cli = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));

/** The command as the package installs it. It is built before the tests run. */
export const littoralCommand = [process.execPath, cli];

export function littoral(args: readonly string[], options: SpawnOptions = {}) {
  const [command = '', ...own] = littoralCommand;
  return spawnProcess(command, [...own, ...args], options);
}

/** For files outside of this project, which cannot import the package by its name. */
export const entry = JSON.stringify(new URL('../../dist/src/index.js', import.meta.url).href);
