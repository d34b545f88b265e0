import type { ChannelModel } from 'amqplib';
import { closeUnawaited } from './close-unawaited.ts';

/** No queue has this name, so what is sent there goes nowhere. */
const nowhere = 'littoral_nowhere';

/**
 * RabbitMQ tells a new connection that it blocks it only once something is published there, which it then holds: the
 * first requests would wait in vain. So something is published that nobody waits for. On a channel of its own, which
 * RabbitMQ closes if this user may not publish there.
 *
 * @returns when the broker has taken it, or has said that it takes nothing
 */
export async function hearOfBlock(model: ChannelModel): Promise<void> {
  const channel = await model.createConfirmChannel();
  channel.on('error', () => {}); // Told by 'close' as well.
  await new Promise<void>((resolve) => {
    const done = () => {
      model.off('blocked', done);
      resolve();
    };
    model.on('blocked', done);
    channel.once('close', done);
    channel.publish('', nowhere, Buffer.alloc(0), {}, done);
  });
  closeUnawaited(channel);
}
