import { connect } from 'amqplib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { caught } from '../../../caught.ts';
import { createAmqpEngine } from '../create-amqp-engine.ts';
import { wayToBusyQueue } from './way-to-busy-queue.ts';

const vhost = useVhost();
const texts = ['1', '2', '3'];

/** Opens a queue with some messages, a connection on which the queue can seem busy, and an engine that browses it. */
async function openBusyQueue(queue: string) {
  const connection = await connect(vhost.url);
  onTestFinished(() => connection.close());
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'classic' } });
  for (const text of texts) channel.sendToQueue(queue, Buffer.from(text));
  await channel.waitForConfirms();
  const way = await wayToBusyQueue(vhost.url, queue);
  const engine = createAmqpEngine({ url: way.url, service: 'busy' });
  onTestFinished(() => engine.close(1000));
  await engine.start();
  /** Returns the texts of all messages. */
  const browse = async (onVisit: () => void = () => {}) => {
    const seen: string[] = [];
    await engine.browse(queue, {
      visit({ message }) {
        seen.push(Buffer.from(message.body).toString());
        onVisit();
        return 'keep';
      },
    });
    return seen;
  };
  return { ...way, browse };
}

describe('a browse of a queue that requeues many messages', () => {
  test('keeps the lock until the queue has requeued them, so that other browses are refused', async () => {
    const { begin, end, browse } = await openBusyQueue('busy');
    let hasEnded = false;
    const first = browse(begin).finally(() => {
      hasEnded = true;
    });
    // Each of these browses waits 5 s for its turn.
    for (const _ of texts) {
      expect(await caught(browse)).toMatchObject({ code: 'dead-letters-busy', retryable: true });
    }
    expect(hasEnded).toBe(false);
    const waiting = browse();
    end();
    expect(await first).toEqual(texts);
    expect(await waiting).toEqual(texts);
  });

  test('names the possible causes if the queue does not answer', async () => {
    const { begin, end, browse } = await openBusyQueue('silent');
    begin();
    expect(await caught(browse)).toMatchObject({
      code: 'broker-unavailable',
      retryable: true,
      message:
        "Browsing 'silent' did not begin: the queue does not answer. RabbitMQ may still be requeueing the messages of an earlier browse, or the node of the queue may be down.",
    });
    end();
    await eventually(async () => expect(await browse()).toEqual(texts));
  });
});
