import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type SpawnOptions, spawnProcess } from '../spawn-process.ts';

const cli = fileURLToPath(new URL(join('..', '..', 'src', 'cli.ts'), import.meta.url));
const tsx = import.meta.resolve('tsx');

/** The command as `npm start` runs it, from the sources. */
export const littoralCommand = [process.execPath, '--import', tsx, '--conditions=littoral-src', cli];

export function littoral(args: readonly string[], options: SpawnOptions = {}) {
  const [command = '', ...own] = littoralCommand;
  return spawnProcess(command, [...own, ...args], options);
}

/** For files outside of this project, which cannot import the package by its name. */
export const entry = JSON.stringify(new URL('../../src/index.ts', import.meta.url).href);
