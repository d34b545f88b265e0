import { Option } from 'commander';
import { existingFile } from './argument-values.ts';

/** Creates the option `--config FILE`. */
export function configOption(): Option {
  return new Option(
    '-c, --config <file>',
    'the configuration: .ts, .js, .mjs or .json (default: ./littoral.config.ts, .js, .mjs or .json if one exists, else only the environment)',
  ).argParser(existingFile);
}
