import { type Channel, connect } from 'amqplib';
import { onTestFinished } from 'vitest';

/** Opens a channel on a separate connection, as another program would, until the test has finished. */
export async function openChannel(url: string): Promise<Channel> {
  const connection = await connect(url);
  connection.on('error', () => {}); // The call that failed throws it.
  onTestFinished(() => connection.close());
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  return channel;
}
