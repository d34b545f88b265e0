import type { Broker } from '../broker/broker.ts';

/** How soon what was moved and not confirmed is moved again, and how soon a queue tells how much it holds. */
const settings = '{rabbit, [{dead_letter_worker_publisher_confirm_timeout, 3000}, {quorum_tick_interval, 500}]}';

/**
 * Has a broker try again soon what it moves from queue to queue, and tell the truth about them.
 *
 * A delayed message is moved by the broker itself. What it moves just after a crash, before the next queue is there, it
 * tries again after three minutes, unless `dead_letter_worker_publisher_confirm_timeout` says otherwise. Nothing is lost
 * either way, but a round would last that much longer.
 */
export async function hurryQueues(broker: Broker): Promise<void> {
  // For now, and for every start to come.
  await broker.rabbitmqctl(
    'eval',
    `application:set_env([${settings}]), ` +
      `ok = file:write_file(os:getenv("RABBITMQ_ADVANCED_CONFIG_FILE"), io_lib:format("~p.~n", [[${settings}]])).`,
  );
}
