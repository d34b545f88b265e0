import type { ChannelModel } from 'amqplib';
import { within } from '../within.ts';
import { socketOf } from './amqp-socket.ts';

/**
 * Closes a connection, at the deadline without the broker's answer. amqplib waits for that answer without a bound, also where
 * the connection ends before it comes.
 */
export async function closeConnection(model: ChannelModel, deadlineMs = 2_000): Promise<void> {
  const closed = model.close().catch(() => {});
  // With an error: amqplib notices nothing else, and would keep its heartbeat.
  if (!(await within(deadlineMs, closed))) socketOf(model)?.destroy(new Error('closed'));
}
