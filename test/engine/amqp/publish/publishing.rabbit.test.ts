import { randomUUID } from 'node:crypto';
import type { Channel } from 'amqplib';
import { defineEventHandler } from 'littoral';
import { expect, test } from 'vitest';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { post, runGateway } from '../../../flow/gateway-fixture.ts';
import { openChannel } from '../open-channel.ts';

const vhost = useVhost();

async function keepFor(service: string, queueArguments: Record<string, unknown> = {}): Promise<Channel> {
  const channel = await openChannel(vhost.url);
  await channel.assertExchange('ecotone.distributed', 'topic', { durable: true });
  await channel.assertQueue(`distributed_${service}`, { durable: true, arguments: queueArguments });
  await channel.bindQueue(`distributed_${service}`, 'ecotone.distributed', service);
  return channel;
}

test('a command to a service that was never there is not found, even where an event subscriber would swallow it', async () => {
  const swallowed: unknown[] = [];
  const handle = (payload: unknown) => void swallowed.push(payload);
  const handlers = [defineEventHandler({ routingKey: 'absent.*', distributed: true, handle })];
  const wide = await runGateway({ service: 'wide', broker: { url: vhost.url }, handlers });
  expect(await post(wide, '/commands/absent/pay', {})).toMatchObject({
    status: 404,
    body: { code: 'destination-not-found', outcome: 'not-accepted' },
  });
  expect((await post(wide, '/messages/absent/import', {})).status).toBe(404);
  const trusting = await runGateway({ service: 'x', broker: { url: vhost.url, checkDestinations: false } });
  expect((await post(trusting, '/commands/absent/pay', {})).status).toBe(202);
  // Brought by the wide binding, but a command for another service: acknowledged, and no handler called.
  await eventually(async () => expect(await vhost.messages('distributed_wide')).toBe(0));
  expect(swallowed).toEqual([]);
});

test('without the look-up, a command that no queue takes is returned and not found', async () => {
  const gateway = await runGateway({ service: 'x', broker: { url: vhost.url, checkDestinations: false } });
  expect((await post(gateway, '/commands/nowhere/pay', {})).status).toBe(404);
});

test('a destination whose queue was deleted after it was found is not found', async () => {
  await keepFor('shortlived');
  const gateway = await runGateway({ service: 'x', broker: { url: vhost.url } });
  expect((await post(gateway, '/commands/shortlived/pay', {})).status).toBe(202);
  await vhost.deleteQueue('distributed_shortlived');
  expect((await post(gateway, '/commands/shortlived/pay', {})).status).toBe(404);
});

test('looking for many absent destinations at once disturbs no publish that is in flight', async () => {
  await keepFor('present');
  const gateway = await runGateway({ service: 'x', broker: { url: vhost.url } });
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      post(gateway, index % 2 ? '/commands/present/pay' : `/commands/absent-${index}/pay`, { index }),
    ),
  );
  answers.forEach(({ status }, index) => void expect(status, `request ${index}`).toBe(index % 2 ? 202 : 404));
  expect(await vhost.messages('distributed_present')).toBe(30);
});

test('two publishes of one id in flight at once each get their own answer', async () => {
  await keepFor('heard');
  const gateway = await runGateway({ service: 'x', broker: { url: vhost.url } });
  const id = randomUUID();
  const keys = ['heard', 'unheard', 'unheard', 'heard', 'unheard', 'heard'];
  const answers = await Promise.all(keys.map((key) => post(gateway, `/events/${key}`, {}, { 'message-id': id })));
  expect(answers.map(({ body }) => body.routed)).toEqual(keys.map((key) => key === 'heard'));
  expect(answers.map(({ body }) => body.messageId)).toEqual(keys.map(() => id));
});

test('an event without a subscriber is 202 and not routed; under handling=strict it is 404', async () => {
  const gateway = await runGateway({ service: 'x', broker: { url: vhost.url } });
  expect(await post(gateway, '/events/nobody.listens', {})).toMatchObject({ status: 202, body: { routed: false } });
  const strict = await post(gateway, '/events/nobody.listens', {}, { prefer: 'handling=strict' });
  expect(strict).toMatchObject({ status: 404, body: { code: 'no-subscriber' } });
});

test('a full queue that rejects is a 503 whose outcome is unknown', async () => {
  await keepFor('full', { 'x-queue-type': 'quorum', 'x-max-length': 1, 'x-overflow': 'reject-publish' });
  const gateway = await runGateway({ service: 'x', broker: { url: vhost.url } });
  const refused = await eventually(async () => {
    const answer = await post(gateway, '/commands/full/pay', {});
    expect(answer.status).toBe(503);
    return answer;
  });
  expect(refused.body).toMatchObject({ code: 'nacked', outcome: 'unknown', retryable: true });
  expect(refused.headers.get('retry-after')).toBe('1');
});

test('what RabbitMQ would close the channel over never reaches it', async () => {
  await keepFor('careful');
  const gateway = await runGateway({ service: 'x', broker: { url: vhost.url }, http: { bodyLimit: 16 * 1024 * 1024 } });
  const bad: Record<string, string>[] = [
    { 'message-time-to-live': '4294967296' },
    { 'message-headers': '{"CC":["a"]}' },
    { 'message-headers': '{"BCC":"a"}' },
    { 'message-headers': `{"${'n'.repeat(256)}":1}` },
    { 'message-correlation-id': 'c'.repeat(256) },
    { 'message-priority': '256' },
  ];
  const good = { 'message-time-to-live': '4294967295', 'message-headers': '{"n":9007199254740991,"f":-0.5}' };
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, index) => {
      const headers = index % 2 ? good : (bad[(index / 2) % bad.length] as Record<string, string>);
      return post(gateway, '/commands/careful/pay', {}, headers);
    }),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map((_, index) => (index % 2 ? 202 : 400)));

  const headers = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`h${index}`, 'x'.repeat(7280)]));
  const large = gateway.distributedBus.sendCommand('careful', 'pay', '{}', 'application/json', headers);
  await expect(large).rejects.toMatchObject({ code: 'headers-too-large' });
  const { h8: _, ...fitting } = headers;
  await gateway.distributedBus.sendCommand('careful', 'pay', '{}', 'application/json', fitting);
  const tooLarge = gateway.distributedBus.sendCommand('careful', 'pay', Buffer.alloc(16 * 1024 * 1024 + 1), 'a/b');
  await expect(tooLarge).rejects.toMatchObject({ code: 'body-too-large' });
  expect((await post(gateway, '/commands/careful/pay', {})).status).toBe(202);
});
