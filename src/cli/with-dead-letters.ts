import type { DeadLetters } from '../dead-letter/dead-letters.ts';
import { isLittoralError, LittoralError } from '../errors.ts';
import { errorText } from '../text/error-chain.ts';
import { loadComponents } from './load-components.ts';
import { exitProcess } from './output.ts';
import { printable } from './printable.ts';
import { withChannel } from './with-channel.ts';

/**
 * Connects, runs some work on the dead letters of the service, and exits with the exit code that the work returns.
 * After an error it prints the error on standard error, and exits with 1.
 *
 * @param file the value of `--config`
 * @throws LittoralError `invalid-configuration`, `invalid-handlers`
 */
export async function withDeadLetters(
  file: string | undefined,
  work: (deadLetters: DeadLetters) => Promise<number>,
): Promise<void> {
  const { createComponents, createLogger, loadConfig, resolveConfig } = await loadComponents();
  const config = resolveConfig(await loadConfig(file), process.env);
  if (config.channel === 'in-memory') {
    throw new LittoralError(
      'invalid-configuration',
      'This process cannot see the dead letters of an in-memory channel. Set AMQP_URL, or request GET /dead-letters from the gateway.',
    );
  }
  const { channel, deadLetters } = createComponents(config, createLogger('silent'));
  try {
    return exitProcess(await withChannel(channel, () => work(deadLetters)));
  } catch (error) {
    if (!isLittoralError(error)) throw error;
    process.stderr.write(`littoral: ${printable(errorText(error, 16_384))}\ncode: ${error.code}\n`);
    return exitProcess(1);
  }
}
