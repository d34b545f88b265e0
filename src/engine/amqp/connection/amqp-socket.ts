import type { Duplex } from 'node:stream';
import { setImmediate as immediate } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';

/**
 * The socket under a connection. amqplib does not offer it: this reads a private field of the version that is pinned,
 * and everything works without it.
 */
export function socketOf(model: ChannelModel): Duplex | undefined {
  const { stream } = model.connection as { stream?: Duplex };
  return typeof stream?.cork === 'function' ? stream : undefined;
}

/**
 * amqplib writes every message to the socket by itself. Corked from a publish until its turn of the event loop has been
 * written, all publishes of one turn go out in one system call.
 */
export function corker(model: ChannelModel): () => void {
  const socket = socketOf(model);
  if (!socket) return () => {};
  let corked = false;
  const uncork = () => {
    corked = false;
    socket.uncork();
  };
  return () => {
    if (corked) return;
    corked = true;
    socket.cork();
    // amqplib hands the frames to the socket in an immediate that it sets in the next tick; this one comes after it.
    process.nextTick(() => setImmediate(uncork));
  };
}

/**
 * Resolves once the socket has all frames that amqplib was given so far. amqplib writes them in an immediate, and the
 * immediate of `corker` that releases them can come after it, in the same turn of the event loop.
 */
export async function framesWritten(): Promise<void> {
  await immediate();
  await immediate();
}
