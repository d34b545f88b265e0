import type { Gateway } from './gateway.ts';

/**
 * Runs a gateway as this process: listens, connects, and shuts down in order when told to by SIGTERM or SIGINT. A
 * second signal ends the process at once.
 *
 * @throws what listening throws, and LittoralError `topology-mismatch`
 */
export async function serve(gateway: Gateway): Promise<void> {
  const { logger, config, channel } = gateway;
  stopOnSignals(gateway);
  endOnUnexpectedErrors(gateway);
  const address = await gateway.listen();
  const docs = `${address}/docs`;
  logger.info(
    { service: config.service, channel: channel.name, docs },
    `${config.service} on ${channel.name}, docs at ${docs}`,
  );
  if (!channel.durable) {
    logger.warn('the in-memory channel keeps nothing after exit; set AMQP_URL to send through RabbitMQ');
  }
  await gateway.start();
}

/** A handler can leave an error behind that nobody awaits. What state it left is not known: end, and be started again. */
export function endOnUnexpectedErrors({ logger, inHand }: Pick<Gateway, 'logger' | 'inHand'>): void {
  const end = (error: unknown, origin: string) => {
    logger.fatal(
      { err: error, origin, inHand: inHand() },
      'an error that nothing caught; the messages in hand come again',
    );
    process.exit(1);
  };
  process.on('uncaughtException', end);
}

/** Ends the process in order when told to by SIGTERM or SIGINT, at once when told a second time. */
export function stopOnSignals({ logger, stop }: Pick<Gateway, 'logger' | 'stop'>): void {
  let stopping = false;
  const onSignal = async (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, 'shutting down');
    try {
      await stop();
      logger.info('stopped');
      process.exit(0);
    } catch (error) {
      logger.error({ err: error }, 'the shutdown failed');
      process.exit(1);
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
