import type { Channel } from 'amqplib';

/** Number of keys after which an answer is awaited, so that no more than these wait in the broker. */
const windowSize = 100;

/** AMQP's number of `queue.bind`: the class, then the method. */
const queueBind = (50 << 16) | 20;

/** What amqplib's types leave out. */
interface Internals {
  sendImmediately?(method: number, fields: object): unknown;
}

/**
 * Binds a queue under many keys.
 *
 * amqplib awaits an answer before it sends the next method, and the broker answers each `queue.bind` that does not say
 * `nowait`. Only the last key of a window is sent with an answer here: a broker handles the methods of a channel in
 * their order, so that answer covers the whole window. If one fails, the broker closes the channel, and the awaited call
 * rejects with the reason that the broker gives.
 */
export async function bindKeys(
  channel: Pick<Channel, 'bindQueue'>,
  queue: string,
  exchange: string,
  keys: readonly string[],
): Promise<void> {
  for (let start = 0; start < keys.length; start += windowSize) {
    const window = keys.slice(start, start + windowSize);
    const last = window.pop() as string;
    // This calls a private method of the pinned version of amqplib. Without it, each key is awaited.
    if (typeof (channel as Internals).sendImmediately !== 'function') {
      for (const key of window) await channel.bindQueue(queue, exchange, key);
    } else {
      for (const routingKey of window) {
        const fields = { queue, exchange, routingKey, arguments: {}, ticket: 0, nowait: true };
        (channel as Internals).sendImmediately?.(queueBind, fields);
      }
    }
    await channel.bindQueue(queue, exchange, last);
  }
}
