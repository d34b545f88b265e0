import { Command } from 'commander';
import { batchFile, key, nonEmpty } from './argument-values.ts';
import { integer } from './integer.ts';
import { runSend, type SendingOptions, withSendingOptions } from './run-send.ts';
import { runSendBatch, type SendBatchOptions } from './run-send-batch.ts';

const help = `
With --batch, the command sends the entries of an NDJSON file in their order. Each line is an entry as for POST /batch:
{"kind":"command","destination":"billing","routingKey":"billing.changeDetails","payload":{"personId":"123"}}
The command writes failed entries to a file. If it loses the broker, it stops, and prints the command line that resumes.
`;

export function sendCommand(): Command {
  const command = new Command('send')
    .summary('send a command to a service, or a file of messages')
    .description('Send a command to the one service that handles it, or the messages of a file.')
    .argument('[destination]', "the service's name", key)
    .argument('[routingKey]', "the command's name", key)
    .option('--batch <file>', 'send the messages of a file in NDJSON; - for standard input', batchFile)
    .option('--from <index>', 'with --batch: skip the entries before this index', integer(0, Number.MAX_SAFE_INTEGER))
    .option(
      '--idempotencyKey <key>',
      'with --batch: the key that, with the index, determines the id of each entry (default: a new UUID)',
      nonEmpty,
    )
    .option(
      '--failed <file>',
      'with --batch: the file for failed entries (default: the name of the batch file, followed by .failed; batch.failed.ndjson for standard input; with a number if that file exists)',
      nonEmpty,
    );
  return withSendingOptions(command)
    .addHelpText('after', help)
    .action(
      (
        destination: string | undefined,
        routingKey: string | undefined,
        payload: string | undefined,
        options: SendingOptions & Partial<SendBatchOptions>,
      ) => {
        const { batch, from, idempotencyKey, failed, ...sending } = options;
        if (batch !== undefined) {
          assertBatchOnly(command, destination, sending);
          return runSendBatch(options as SendBatchOptions);
        }
        if (from !== undefined || idempotencyKey !== undefined || failed !== undefined) {
          command.error('error: --from, --idempotencyKey and --failed need --batch');
        }
        if (destination === undefined) return command.error("error: missing required argument 'destination'");
        if (routingKey === undefined) return command.error("error: missing required argument 'routingKey'");
        return runSend(payload, sending, (bus, { body, contentType, metadata, ...more }) =>
          bus.sendCommand(destination, routingKey, body, contentType, metadata, more),
        );
      },
    );
}

/** Reports arguments and options that only a single message can have as wrong usage. */
function assertBatchOnly(
  command: Command,
  destination: string | undefined,
  { config: _, ...others }: SendingOptions,
): void {
  const [option] = Object.keys(others);
  if (destination !== undefined) command.error('error: --batch takes no arguments: each entry has its own destination');
  if (option !== undefined)
    command.error(`error: --${option} cannot be used with --batch: each entry has its own options`);
}
