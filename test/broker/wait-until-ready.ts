import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'amqplib';
import type { BrokerAddress } from './broker.ts';
import { createManagement } from './management.ts';

export interface WaitUntilReadyOptions {
  /** How long to wait. Default: 120,000. */
  readonly timeoutMs?: number;
  /** Tells why there is no point in waiting on, as soon as there is none. */
  readonly findFailure?: () => string | undefined | Promise<string | undefined>;
}

/** Waits until a broker answers an AMQP handshake and its management API a request; throws when either does not. */
export async function waitUntilReady(
  broker: BrokerAddress,
  { timeoutMs = 120_000, findFailure = () => undefined }: WaitUntilReadyOptions = {},
): Promise<void> {
  const management = createManagement(broker);
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      const connection = await connect(broker.url, { timeout: 10_000 });
      await connection.close();
      await management.get('/api/overview');
      return;
    } catch (error) {
      const failure = await findFailure();
      if (failure) throw new Error(failure, { cause: error });
      if (performance.now() >= deadline) {
        const { host } = new URL(broker.url);
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`RabbitMQ at ${host} was not ready within ${timeoutMs} ms: ${reason}`, { cause: error });
      }
    }
    await delay(50);
  }
}
