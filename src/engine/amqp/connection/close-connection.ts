import type { ChannelModel } from 'amqplib';
import { completesWithin } from '../../../time/timeout.ts';
import { socketOf } from './amqp-socket.ts';

/**
 * Closes a connection, after the deadline without the broker's answer. amqplib waits for that answer without a time
 * limit, even if the connection ends first.
 */
export async function closeConnection(model: ChannelModel, deadlineMs = 2_000): Promise<void> {
  const closed = model.close().catch(() => {});
  // Destroyed with an error, because amqplib ignores a plain end and would keep its heartbeat timer.
  if (!(await completesWithin(deadlineMs, closed))) socketOf(model)?.destroy(new Error('closed'));
}
