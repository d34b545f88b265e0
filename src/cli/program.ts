import { Command } from 'commander';
import { version } from '../version.ts';
import { authCheckCommand } from './auth-check.ts';
import { authHashCommand } from './auth-hash.ts';
import { deadLetterCommands } from './dead-letters.ts';
import { listCommand } from './list.ts';
import { withDeclaredSpelling } from './option-spelling.ts';
import { publishCommand } from './publish.ts';
import { runCommand } from './run.ts';
import { sendCommand } from './send.ts';
import { startCommand } from './start.ts';

const environment = `
Without a command: start. Options may also be written in kebab-case: --handled-message-limit.
Environment: SERVICE_NAME, AMQP_URL (or AMQP_URL_FILE), AMQP_CA_FILE,
AMQP_CERT_FILE, AMQP_KEY_FILE, AMQP_PASSWORD_FILE, AMQP_TOKEN_FILE, CHANNEL, HOST, PORT, TLS_CERT_FILE,
TLS_KEY_FILE, TLS_CA_FILE, TLS_CLIENT_CERTIFICATES, MANAGEMENT_HOST, MANAGEMENT_PORT, MANAGEMENT_TLS,
ADMIN_TOKEN (or ADMIN_TOKEN_FILE), AUTH (none), APPLICATION_URL, APPLICATION_PULL,
APPLICATION_COMMANDS, APPLICATION_EVENTS, APPLICATION_SECRET_FILE, APPLICATION_TOKEN_FILE, LOG_LEVEL.
Exit codes: 0 success, 1 failure, 2 wrong usage, 141 the reader of the output has closed it.
`;

/** The options of the program itself. */
const ofProgram = new Set(['-h', '--help', '--version']);

/**
 * Runs the command that the arguments name.
 *
 * @param args without the names of Node and of the script
 * @throws CommanderError for wrong usage, which has been reported, and for a request for help; what the command throws
 */
export async function runProgram(args: readonly string[]): Promise<void> {
  const program = new Command('littoral')
    .description('HTTP gateway and sidecar for distributed commands and events.')
    .version(version, '--version', 'show the version')
    .helpOption('-h, --help', 'show this help, or the help of a command')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', environment)
    .showHelpAfterError('See littoral --help.');
  const commands = [startCommand(), listCommand(), runCommand(), sendCommand(), publishCommand()];
  commands.push(authHashCommand(), authCheckCommand());
  for (const command of [...commands, ...deadLetterCommands()]) {
    const helped = command.helpOption('-h, --help', 'show this help');
    program.addCommand(helped.showHelpAfterError(`See littoral ${command.name()} --help.`));
  }
  for (const command of [program, ...program.commands]) {
    command.exitOverride();
    command.configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'littoral: ')) });
  }
  const [first] = args;
  const isStart = first === undefined || (first.startsWith('-') && !ofProgram.has(first));
  const spelled = withDeclaredSpelling(args, program.commands);
  // For an unknown command with `help` or `--help`, commander would show the help of the program instead of an error.
  const named = first === 'help' ? args[1] : first;
  const isKnown =
    named === 'help' || args[1] === 'help' || program.commands.some((command) => command.name() === named);
  if (named !== undefined && !named.startsWith('-') && !isKnown) {
    return void (await program.parseAsync([named], { from: 'user' }));
  }
  await program.parseAsync(isStart ? ['start', ...spelled] : spelled, { from: 'user' });
}
