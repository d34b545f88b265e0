import { connect } from 'amqplib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { delayLevels } from '../../src/engine/amqp/delay/delay-levels.ts';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';
import { Reject, RetryLater } from '../../src/handler/retry-hint.ts';
import type { MessageHeaders } from '../../src/message/message-headers.ts';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { post, runGateway } from './gateway-fixture.ts';

const vhost = useVhost();

/** A channel of another program. */
async function outsider() {
  const connection = await connect(vhost.url);
  onTestFinished(() => connection.close());
  return connection.createConfirmChannel();
}

/** The priorities of what comes to the queue of a service that another program consumes. */
async function prioritiesAt(service: string): Promise<unknown[]> {
  const channel = await outsider();
  await channel.assertExchange('ecotone.distributed', 'topic', { durable: true });
  await channel.assertQueue(`distributed_${service}`, { durable: true });
  await channel.bindQueue(`distributed_${service}`, 'ecotone.distributed', service);
  const seen: unknown[] = [];
  await channel.consume(`distributed_${service}`, (message) => seen.push(message?.properties.priority), {
    noAck: true,
  });
  return seen;
}

describe('Message-Priority', () => {
  test('sets the AMQP property of the message, at once and after a delay', async () => {
    const seen = await prioritiesAt('php');
    const gateway = await runGateway({ service: 'shop', broker: { url: vhost.url } });
    const sent: Record<string, string>[] = [
      { 'message-priority': '7' },
      { 'message-priority': '7', 'message-delay': '5' },
      {},
    ];
    for (const headers of sent) {
      const before = seen.length;
      expect(await post(gateway, '/commands/php/change', {}, headers)).toMatchObject({ status: 202 });
      await eventually(() => expect(seen).toHaveLength(before + 1));
    }
    expect(seen).toEqual([7, 7, undefined]);
  });

  test('has no effect on a delay level, where it would hold up others', async () => {
    await prioritiesAt('php');
    const gateway = await runGateway({ service: 'store', broker: { url: vhost.url } });
    const headers = { 'message-priority': '7', 'message-delay': '600000' };
    expect(await post(gateway, '/commands/php/change', {}, headers)).toMatchObject({ status: 202 });
    const channel = await outsider();
    const waiting = await channel.get(`littoral_store_delay_${delayLevels(600_000)[0]}`, { noAck: true });
    expect(waiting).toMatchObject({ properties: { priority: undefined, headers: { priority: 7 } } });
  });

  test('does not reorder dead letters, and is restored by a replay', async () => {
    const failed: unknown[] = [];
    const replayed: MessageHeaders[] = [];
    let isHealed = false;
    const handler = defineCommandHandler({
      routingKey: 'fail',
      distributed: true,
      handle(payload: unknown, headers: MessageHeaders) {
        if (isHealed) return void replayed.push(headers);
        failed.push(payload);
        throw new Reject('never');
      },
    });
    const gateway = await runGateway({ service: 'claims', broker: { url: vhost.url }, handlers: [handler] });
    const channel = await outsider();
    const headers = {
      'ecotone.distributed.payloadType': 'command',
      'ecotone.distributed.routingKey': 'fail',
      'ecotone.distributed.targetServiceName': 'claims',
    };
    const priorities = [1, 9, 1, 9, 9, 1];
    // One after the other, for the queue of the service orders by them.
    for (const [index, priority] of priorities.entries()) {
      const properties = {
        headers,
        contentType: 'application/json',
        messageId: `${index}`,
        priority,
        persistent: true,
      };
      channel.sendToQueue('distributed_claims', Buffer.from(`${index}`), properties);
      await eventually(() => expect(failed).toHaveLength(index + 1));
      await eventually(async () => expect(await vhost.messages('distributed_claims_dead_letter')).toBe(index + 1));
    }
    const listed = async () => {
      const page = await (await fetch(`${gateway.address}/dead-letters`)).json();
      return (page as { items: { id: string; messageId: string }[] }).items;
    };
    const letters = await listed();
    expect(letters.map(({ messageId }) => messageId)).toEqual(['0', '1', '2', '3', '4', '5']);
    isHealed = true;
    const [, second] = letters;
    const answer = await fetch(`${gateway.address}/dead-letters/${second?.id}/replay`, { method: 'POST' });
    expect(answer.status).toBe(202);
    await eventually(() => expect(replayed).toMatchObject([{ id: '1', priority: 9, amqp_priority: 9 }]));
    expect((await listed()).map(({ messageId }) => messageId)).toEqual(['0', '2', '3', '4', '5']);
  });

  test('is restored in a retry', async () => {
    const seen: MessageHeaders[] = [];
    const retryMs = 700;
    const handler = defineCommandHandler({
      routingKey: 'fail',
      distributed: true,
      handle(_payload: unknown, headers: MessageHeaders) {
        seen.push(headers);
        if (seen.length < 2) throw new RetryLater('not yet', { delayMs: retryMs });
      },
    });
    const gateway = await runGateway({ service: 'billing', broker: { url: vhost.url }, handlers: [handler] });
    const channel = await outsider();
    const sent = {
      headers: { 'ecotone.distributed.payloadType': 'command', 'ecotone.distributed.routingKey': 'fail' },
    };
    channel.sendToQueue('distributed_billing', Buffer.from('{}'), {
      ...sent,
      contentType: 'application/json',
      persistent: true,
      priority: 9,
    });
    await eventually(() => expect(seen).toHaveLength(2));
    expect(seen).toMatchObject([
      { priority: 9, amqp_priority: 9 },
      { priority: 9, amqp_priority: 9, ecotone_retry_number: 1 },
    ]);
    expect(seen[1]).not.toHaveProperty('x-littoral-priority');
    await gateway.stop();
  });
});
