import { connect } from 'amqplib';
import { useExactFrames } from '../../src/engine/amqp/connection/exact-frames.ts';
import { exactOfDeadLetter } from './exact-values.ts';
import type { DeadLetterSeen } from './ledger.ts';

/** Empties the dead letter queue of a service. */
export async function takeDeadLetters(url: string, service: string): Promise<DeadLetterSeen[]> {
  const queue = `distributed_${service}_dead_letter`;
  const connection = await connect(url);
  try {
    // With all digits of their headers.
    useExactFrames(connection);
    const channel = await connection.createChannel();
    const taken: DeadLetterSeen[] = [];
    for (;;) {
      const message = await channel.get(queue, { noAck: true });
      if (!message) return taken;
      const headers = message.properties.headers ?? {};
      const endpoint = headers['x-littoral-endpoint'];
      taken.push({
        queue,
        mark: String(headers.mark),
        messageId: String(message.properties.messageId),
        exact: exactOfDeadLetter(message.content, headers),
        endpoint: endpoint === undefined ? undefined : `${service}:${endpoint}`,
        reason: String(headers['exception-message'] ?? headers['x-first-death-reason'] ?? 'none is given'),
      });
    }
  } finally {
    await connection.close();
  }
}
