import { Worker } from 'node:worker_threads';
import { errorFields } from '../text/error-chain.ts';
import { longestTimeoutMs } from '../time/timeout.ts';
import { type ConfigSource, ConfigWatch } from './config-watch.ts';
import { exitInOrder, respondToSignals } from './exit-signals.ts';
import type { Gateway } from './gateway.ts';

/**
 * Runs a gateway as this process: listens, connects, and shuts down in order on a signal (`exit-signals.ts`). A second
 * SIGTERM, SIGINT or SIGQUIT ends the process at once.
 *
 * @param source the place of the configuration, which is then reloaded when it changes, and on SIGHUP
 * @throws what listening throws, and LittoralError `topology-mismatch`
 */
export async function serve(gateway: Gateway, source?: ConfigSource): Promise<void> {
  const { logger, config, channel } = gateway;
  const watch = source && new ConfigWatch(gateway, source);
  const isStopping = stopOnSignals(gateway, watch);
  exitOnUnexpectedErrors(gateway);
  let address: string;
  try {
    address = await gateway.listen();
  } catch (error) {
    // A signal that arrived first has closed the server.
    if (isStopping()) return;
    throw error;
  }
  const docs = `${gateway.management?.listeningOrigin ?? address}/docs`;
  logger.info({ channel: channel.name, docs }, `${config.service} on ${channel.name}, docs at ${docs}`);
  if (!channel.durable) {
    logger.warn('the in-memory channel keeps nothing after exit; set AMQP_URL to send through RabbitMQ');
  }
  watch?.start();
  await gateway.start();
}

/**
 * Exits on an uncaught error, such as the rejection of a promise that a handler does not await. The state of the
 * process is unknown then, so a supervisor should start it again.
 */
export function exitOnUnexpectedErrors({ logger, unacknowledged }: Pick<Gateway, 'logger' | 'unacknowledged'>): void {
  const end = (error: unknown, origin: string) => {
    logger.fatal(
      { err: errorFields(error), origin, unacknowledged: unacknowledged() },
      'uncaught error; the unacknowledged messages will be redelivered',
    );
    process.exit(1);
  };
  process.on('uncaughtException', end);
}

/**
 * Exits with code 0 on a signal, as long as no delivery is unacknowledged and there is nothing to stop.
 *
 * @param reload `later` for a process that reloads its configuration on SIGHUP once it runs
 */
export function exitOnSignals(reload?: 'later'): void {
  respondToSignals({ first: () => process.exit(0), ...(reload && { reload }) });
}

/**
 * Shuts down in order on a signal, and exits at once on a second one.
 *
 * @param watch what reloads the configuration on SIGHUP. Default: SIGHUP ends the process as well
 * @returns whether a signal has arrived
 */
export function stopOnSignals(
  { logger, stop, config }: Pick<Gateway, 'logger' | 'stop' | 'config'>,
  watch?: ConfigWatch,
): () => boolean {
  let stopping = false;
  const first = async (signal: NodeJS.Signals) => {
    stopping = true;
    watch?.close();
    logger.info({ signal }, 'shutting down');
    killAfter(Math.max(config.shutdownTimeoutMs + 1_500, earliestKillMs));
    try {
      await stop();
      logger.info('stopped');
      exitInOrder(0);
    } catch (error) {
      logger.error({ err: errorFields(error) }, 'the shutdown failed');
      process.exit(1);
    }
  };
  const reload = watch && (() => void watch.reload());
  respondToSignals({ first, again: () => process.exit(1), ...(reload && { reload }) });
  return () => stopping;
}

/** The least time before the kill. A process can miss its own deadline on a slow machine. A container gets 10 s. */
const earliestKillMs = 9_500;

/** Kills this process from another thread, because a handler that blocks the event loop delays all its timers. */
function killAfter(milliseconds: number): void {
  const code = "setTimeout(process.kill, require('node:worker_threads').workerData, process.pid, 'SIGKILL')";
  const workerData = Math.min(milliseconds, longestTimeoutMs);
  try {
    const worker = new Worker(code, { eval: true, workerData, execArgv: [], env: {} });
    worker.on('error', () => {});
    worker.unref();
  } catch {
    // A process that may not start threads is ended from outside.
  }
}
