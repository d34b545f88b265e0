import type { Duplex } from 'node:stream';
import type { ChannelModel } from 'amqplib';

/**
 * The socket under a connection. amqplib does not offer it: this reads a private field of the version that is pinned,
 * and everything works without it.
 */
export function socketOf(model: ChannelModel): Duplex | undefined {
  const { stream } = model.connection as { stream?: Duplex };
  return typeof stream?.cork === 'function' ? stream : undefined;
}
