import type { Broker } from '../broker/broker.ts';

const confirmTimeoutMs = 3000;

/**
 * Has a broker try again soon what it moves from queue to queue.
 *
 * A delayed message is moved by the broker itself. What it moves just after a crash, before the next queue is there, it
 * tries again after three minutes, unless `dead_letter_worker_publisher_confirm_timeout` says otherwise. Nothing is lost
 * either way, but a round would last that much longer.
 */
export async function tryDeadLetteringSoon(broker: Broker): Promise<void> {
  const setting = `{rabbit, [{dead_letter_worker_publisher_confirm_timeout, ${confirmTimeoutMs}}]}`;
  // For now, and for every start to come.
  await broker.rabbitmqctl(
    'eval',
    `application:set_env([${setting}]), ` +
      `ok = file:write_file(os:getenv("RABBITMQ_ADVANCED_CONFIG_FILE"), io_lib:format("~p.~n", [[${setting}]])).`,
  );
}
