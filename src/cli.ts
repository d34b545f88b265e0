#!/usr/bin/env node
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { loadConfigFile } from './config-file.ts';
import { isLittoralError, LittoralError, messageOf } from './errors.ts';
import { createGateway } from './gateway.ts';
import { loadHandlers } from './load-handlers.ts';
import { serve } from './server.ts';
import { version } from './version.ts';

const usage = `littoral ${version}

Usage:
  littoral [start] [--config FILE] [--no-consume]

Commands:
  start          The default. Run the gateway: send what comes over HTTP, and call the handlers.

Options:
  --config FILE  The configuration: .ts, .js, .mjs or .json. Default: ./littoral.config.ts (.js, .mjs, .json) if there
                 is one, else the environment alone.
  --no-consume   Send only; leave the queue of the service to others.
  --help         Show this.
  --version      Show the version.

Environment: SERVICE_NAME, AMQP_URL (or AMQP_URL_FILE), CHANNEL, HOST, PORT, LOG_LEVEL.
`;

const exitCode = { failed: 1, wrongUsage: 2 } as const;

async function main(argv: readonly string[]): Promise<void> {
  const { command = 'start', options } = parse(argv);
  if (options.version) return print(`${version}\n`);
  if (options.help || command === 'help') return print(usage);
  if (command !== 'start') throw wrongUsage(`No command '${command}'.`);
  const { config, path } = await loadConfigFile(options.config);
  const baseUrl = path === undefined ? undefined : pathToFileURL(path);
  const handlers = await loadHandlers(config.handlers, { baseUrl });
  process.off('beforeExit', onNothingLeft);
  await serve(createGateway({ ...config, handlers }, { consume: options['no-consume'] !== true }));
}

function print(text: string): void {
  process.off('beforeExit', onNothingLeft);
  process.stdout.write(text);
}

function parse(argv: readonly string[]) {
  try {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c' },
        'no-consume': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    });
    if (positionals.length > 1) throw wrongUsage(`'${positionals[1]}' is one argument too many.`);
    return { command: positionals[0], options: values };
  } catch (error) {
    throw isLittoralError(error) ? error : wrongUsage(messageOf(error));
  }
}

function wrongUsage(detail: string): LittoralError {
  return new LittoralError('wrong-usage', `${detail}\nSee littoral --help.`);
}

/** Node would end with 0 and no word when nothing is left to do: a configuration that waits for what never comes. */
function onNothingLeft(): void {
  process.stderr.write(
    'littoral: the configuration file did not finish loading; it waits for something that never comes.\n',
  );
  process.exit(exitCode.failed);
}

process.on('beforeExit', onNothingLeft);
main(process.argv.slice(2)).catch((error) => {
  // What littoral says on purpose, or the system of a port, needs no stack trace; everything else does.
  const isExpected = isLittoralError(error) || (error instanceof Error && 'syscall' in error);
  const text = isExpected ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`littoral: ${text}\n`);
  process.exit(isLittoralError(error) && error.code === 'wrong-usage' ? exitCode.wrongUsage : exitCode.failed);
});
