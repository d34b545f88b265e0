import { Command } from 'commander';
import { LittoralError } from '../errors.ts';
import type { Components } from '../gateway/components.ts';
import { exitOnSignals, exitOnUnexpectedErrors, stopOnSignals } from '../gateway/process.ts';
import { createShutdown } from '../gateway/shutdown.ts';
import { traceFields } from '../observe/trace/load-tracing.ts';
import { completesWithin, longestTimeoutMs } from '../time/timeout.ts';
import { assertBroker } from './assert-broker.ts';
import { configOption } from './config-option.ts';
import { deliveryLog, timed } from './delivery-log.ts';
import { integer } from './integer.ts';
import { loadComponents } from './load-components.ts';
import { exitProcess } from './output.ts';
import { type RunLimits, watchLimits } from './run-limits.ts';
import { startTelemetry } from './telemetry.ts';

interface RunOptions extends RunLimits {
  readonly config?: string;
  readonly verbose: number;
}

export function runCommand(): Command {
  return new Command('run')
    .summary('consume an endpoint, without HTTP')
    .description(
      'Consume an endpoint without the HTTP server, until a limit is reached or the process is stopped, for example by Ctrl-C. The process then finishes the messages that it is handling. All others stay in the queue.',
    )
    .argument('<endpoint>', "the endpoint's name, as `littoral list` shows it")
    .option(
      '--handledMessageLimit <number>',
      'end after this number of messages have left the queue, handled or not',
      integer(1, Number.MAX_SAFE_INTEGER),
    )
    .option(
      '--executionTimeLimit <milliseconds>',
      'end after this time; with exit code 1 if nothing was received and the queue cannot be consumed at its end',
      integer(1, longestTimeoutMs),
    )
    .option('--finishWhenNoMessages', 'end once the queue is empty')
    .option(
      '--memoryLimit <megabytes>',
      'end after the first message that leaves the process with more memory in use than this',
      integer(1, Number.MAX_SAFE_INTEGER),
    )
    .option(
      '--stopOnFailure',
      'end with exit code 1 after the first failed message. The message is not lost: it waits for its retry, or is in the dead letter queue or in its own queue',
    )
    .option(
      '-v, --verbose',
      'log each message (-v), its headers too (-vv), the duration of each step too (-vvv). Without it, the command logs only warnings and errors. The option overrides the log level',
      (_, count: number) => count + 1,
      0,
    )
    .addOption(configOption())
    .action(async (endpoint: string, options: RunOptions) =>
      exitProcess(await run(endpoint, options), outputTimeoutMs),
    );
}

/** Maximum wait at the end for the output of handlers. */
const outputTimeoutMs = 500;

/** @returns the exit code */
async function run(name: string, { config: file, verbose, ...limits }: RunOptions): Promise<number> {
  exitOnSignals();
  const { createComponents, createLogger, loadConfig, resolveConfig } = await loadComponents();
  const config = resolveConfig(await loadConfig(file), process.env);
  if (name !== config.service) {
    throw new LittoralError('wrong-usage', `No endpoint '${name}'. Available: ${config.service}.\nSee littoral list.`);
  }
  const telemetry = await startTelemetry(process.env, config.service);
  // There are many headers and steps, so each gets its own line on a terminal.
  const logger = createLogger(verbose > 0 ? 'info' : 'warn', {
    singleLine: verbose < 2,
    service: config.service,
    context: traceFields(),
  });
  const { ended, stage: watchLimit, begin } = watchLimits(limits);
  const settings = {
    ...config,
    handlers: verbose > 2 ? config.handlers.map(timed) : config.handlers,
    // Deliveries beyond the limit would have to be requeued.
    concurrency: Math.min(config.concurrency, limits.handledMessageLimit ?? config.concurrency),
  };
  const log = verbose > 0 ? [deliveryLog(verbose, logger)] : [];
  const components = createComponents(settings, logger, { deliveryStages: [watchLimit, ...log] });
  const { channel, endpoint, applications, discovery, forwarder, registry } = components;
  if (!registry.hasDistributedHandlers && discovery === undefined) {
    throw new LittoralError(
      'wrong-usage',
      `The endpoint '${name}' has no distributed handlers, so there is nothing to consume for.\n` +
        'Set distributed: true on a handler, or name the configuration with the handlers by --config.',
    );
  }
  if (applications.pull !== undefined) {
    throw new LittoralError(
      'wrong-usage',
      'The application pulls its messages over HTTP, which `littoral run` does not serve. Use `littoral start`.',
    );
  }
  assertBroker(config, 'consume from');
  telemetry?.report(logger);
  telemetry?.exportMetrics(components.metrics);
  const shutDown = createShutdown(components);
  const stop = () => shutDown().finally(() => telemetry?.stop());
  stopOnSignals({ logger, config, stop });
  exitOnUnexpectedErrors({ logger, unacknowledged: () => endpoint.unacknowledged });
  applications.start();
  endpoint.start();
  discovery?.start();
  forwarder.start();
  const undiscovered = () =>
    registry.hasDistributedHandlers ? undefined : 'the application has not said what it receives';
  begin(endpoint, () => undiscovered() ?? endpoint.detached);
  // Without a connection to a broker, nothing else keeps the process alive.
  const alive = setInterval(() => {}, 60_000);
  const { reason, exitCode } = await Promise.race([ended, channel.start().then(() => ended)]);
  if (exitCode === 0) logger.info({ reason }, 'ending');
  else logger.error({ reason }, 'ending with exit code 1');
  await completesWithin(longestCallMs(components) + config.shutdownTimeoutMs, endpoint.finish());
  await stop();
  clearInterval(alive);
  return exitCode;
}

function longestCallMs({ config, registry }: Components): number {
  return Math.max(config.handlerTimeoutMs, ...registry.handlers().map(({ definition }) => definition.timeoutMs ?? 0));
}
