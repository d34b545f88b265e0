import { Command } from 'commander';
import type { DeadLetterFilter, DeadLetters, ListOptions } from '../dead-letter/dead-letters.ts';
import type { ReplayProgress } from '../dead-letter/replay-run.ts';
import { respondToSignals } from '../gateway/exit-signals.ts';
import { countOf } from '../text/count-of.ts';
import { cursor, nonEmpty } from './argument-values.ts';
import { configOption } from './config-option.ts';
import { detailsText, pageText } from './dead-letter-text.ts';
import { integer } from './integer.ts';
import { exitProcess, print, report } from './output.ts';
import { printableJson } from './printable.ts';
import { ProgressBar } from './progress-bar.ts';
import { withDeadLetters } from './with-dead-letters.ts';

interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** Creates the commands `deadletter:list`, `deadletter:show` and so on. */
export function deadLetterCommands(): Command[] {
  const commands = [listLetters(), showLetter(), replayLetter(), replayAllLetters(), deleteLetter()];
  return [...commands, helpOn(commands)];
}

function listLetters(): Command {
  const command = new Command('deadletter:list')
    .summary('list the dead letters')
    .description('List the dead letters of the service, the oldest first. The command changes nothing.')
    .option('--limit <number>', 'maximum number of dead letters, 1 to 100', integer(1, 100), 50)
    .option('--after <cursor>', 'the cursor that the previous page printed; the list continues after it', cursor);
  return withFilter(command)
    .option('--json', 'print one JSON object: items, next')
    .addOption(configOption())
    .action(({ config, json, ...options }: CommonOptions & ListOptions) =>
      withDeadLetters(config, async (letters) => {
        const page = await letters.list(options);
        await print(json ? `${printableJson(page)}\n` : pageText(page));
        return 0;
      }),
    );
}

function showLetter(): Command {
  return new Command('deadletter:show')
    .summary('show one dead letter')
    .description('Show one dead letter: its error, its headers and its payload.')
    .argument('<id>', 'the id of the dead letter, as deadletter:list shows it', nonEmpty)
    .option('--json', 'print one JSON object')
    .addOption(configOption())
    .action((id: string, { config, json }: CommonOptions) =>
      withDeadLetters(config, async (letters) => {
        const details = await letters.show(id.toLowerCase());
        await print(json ? `${printableJson(details)}\n` : detailsText(details));
        return 0;
      }),
    );
}

function replayLetter(): Command {
  return oneById(
    'deadletter:replay',
    'replay one dead letter',
    'Publish one dead letter to its queue again, for the handler that failed.',
  ).action((id: string, { config }: CommonOptions) =>
    withDeadLetters(config, async (letters) => {
      await letters.replay(id.toLowerCase());
      await report('Replayed.\n');
      return 0;
    }),
  );
}

function deleteLetter(): Command {
  return oneById('deadletter:delete', 'delete one dead letter', 'Delete one dead letter permanently.').action(
    (id: string, { config }: CommonOptions) =>
      withDeadLetters(config, async (letters) => {
        await letters.delete(id.toLowerCase());
        await report('Deleted.\n');
        return 0;
      }),
  );
}

function oneById(name: string, summary: string, description: string): Command {
  return new Command(name)
    .summary(summary)
    .description(description)
    .argument('<id>', 'the id of the dead letter, as deadletter:list shows it', nonEmpty)
    .addOption(configOption());
}

function replayAllLetters(): Command {
  const command = new Command('deadletter:replayAll')
    .summary('replay all dead letters, or all that match')
    .description(
      'Publish all matching dead letters to their queues again, in their order. Ctrl-C ends the replay between two messages.',
    )
    .option('--limit <number>', 'maximum number of dead letters (default: all)', integer(1, Number.MAX_SAFE_INTEGER));
  return withFilter(command)
    .option('--json', 'print one JSON object: replayed, failed')
    .addOption(configOption())
    .action(({ config, json = false, ...options }: CommonOptions & DeadLetterFilter & { readonly limit?: number }) =>
      withDeadLetters(config, (letters) => replayAll(letters, options, json)),
    );
}

/** @returns the exit code: 1 if some of the matching dead letters are left */
async function replayAll(
  letters: DeadLetters,
  options: DeadLetterFilter & { readonly limit?: number },
  json: boolean,
): Promise<number> {
  const line = new ProgressBar(process.stderr);
  const interrupted = new AbortController();
  respondToSignals({ first: () => interrupted.abort(), again: () => process.exit(1) });
  let outcome: ReplayProgress;
  try {
    const onProgress = (progress: ReplayProgress) => json || line.draw(progress);
    outcome = await letters.replayAll({ ...options, signal: interrupted.signal, onProgress });
  } finally {
    line.clear();
  }
  const { replayed, failed, total } = outcome;
  const { limit = Infinity } = options;
  // A signal can arrive after everything was done.
  const isDone = total > 0 && replayed + failed >= Math.min(total, limit);
  const isInterrupted = interrupted.signal.aborted && !isDone;
  await report(
    json
      ? `${JSON.stringify({ replayed, failed })}\n`
      : `${replayed} replayed${isInterrupted ? ', then interrupted' : ''}.\n`,
  );
  if (failed > 0 && !json) {
    process.stderr.write(
      `littoral: ${countOf(failed, 'dead letter')} cannot be published unchanged, and ${failed === 1 ? 'remains a dead letter' : 'remain dead letters'}.\n`,
    );
  }
  return failed > 0 || isInterrupted ? 1 : 0;
}

function withFilter(command: Command): Command {
  return command
    .option('--routingKey <pattern>', 'only dead letters with this routing key; * stands for any characters', nonEmpty)
    .option(
      '--error <pattern>',
      'only dead letters with this error class, or with this reason code (failed, unhandled, malformed, undecodable, refused, delivery_limit, expired, rejected); * stands for any characters',
      nonEmpty,
    );
}

function helpOn(commands: readonly Command[]): Command {
  return new Command('deadletter:help')
    .summary('show the help of all these commands')
    .description('Show the help of all commands about dead letters.')
    .action(async () => {
      await print(commands.map((command) => command.helpInformation()).join('\n'));
      await exitProcess(0);
    });
}
