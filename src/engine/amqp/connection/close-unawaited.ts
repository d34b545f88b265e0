import type { Channel } from 'amqplib';

/** Closes a channel without waiting: amqplib never answers a close that the end of the connection overtakes. */
export function closeUnawaited(channel: Channel): void {
  channel.close().catch(() => {});
}
