import { Option } from 'commander';

/** `--config FILE`, as every command has it. */
export function configOption(): Option {
  return new Option(
    '-c, --config <file>',
    'the configuration: .ts, .js, .mjs or .json (default: ./littoral.config.ts, .js, .mjs or .json if there is one, else the environment alone)',
  );
}
