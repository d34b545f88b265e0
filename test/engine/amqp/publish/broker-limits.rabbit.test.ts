import { describe, expect, test } from 'vitest';
import { defineCommandHandler } from '../../../../src/handler/define-handler.ts';
import { RetryLater } from '../../../../src/handler/retry-hint.ts';
import { Header } from '../../../../src/message/message-headers.ts';
import { eventually } from '../../../broker/eventually.ts';
import { createManagement } from '../../../broker/management.ts';
import { usePrivateBroker } from '../../../broker/use-private-broker.ts';
import { gate } from '../../../endpoint/endpoint-fixture.ts';
import { post, type RunningGateway, runGateway, untilReady } from '../../../flow/gateway-fixture.ts';

// A private broker, because the limits apply to the whole broker.
const own = usePrivateBroker();
const { alarm } = own;

const publish = ({ distributedBus }: RunningGateway, bytes: number) =>
  distributedBus.publishEvent('a.b', Buffer.alloc(bytes, '.'), 'text/plain').then(
    () => 'confirmed',
    (error) => `${error.code} ${error.outcome}`,
  );

describe('a body that is larger than max_message_size', () => {
  test.each([40_000, 200_000])('is refused with 413, without effect on others (limit: %i bytes)', async (limit) => {
    const set = `application:set_env(rabbit, max_message_size, ${limit}), persistent_term:put(max_message_size, ${limit})`;
    await own.broker.evaluate(set);
    const gateway = await runGateway({ service: 'shop', broker: { url: own.vhost.url } });
    const sizes = Array.from({ length: 90 }, (_, index) => (index % 9 === 4 ? limit + 1 + index : 10 * index));
    const outcomes = await Promise.all(sizes.map((bytes) => publish(gateway, bytes)));
    expect(outcomes).toEqual(sizes.map((bytes) => (bytes > limit ? 'body-too-large not-accepted' : 'confirmed')));
    expect(await publish(gateway, limit)).toBe('confirmed');
  });
});

describe('a memory alarm that begins while a delay level is declared', () => {
  const broker = () => ({ url: own.vhost.url, confirmTimeoutMs: 6_000 });

  const queueNames = async () => (await own.vhost.queues()).map(({ name }) => name);
  const hasQueue = async (name: string) => expect(await queueNames()).toContain(name);

  /** RabbitMQ blocks a connection at the first publish after the alarm began, and reads nothing from it from then on. */
  const block = async (gateway: RunningGateway) => {
    void post(gateway, '/events/nobody.cares', {}).catch(() => {});
    await eventually(() => expect(gateway.channel.health().reason).toContain('blocks'));
  };

  // The first queue of a ladder; and the last one, whose queue is not trusted for another 1.5 s.
  test.each(['littoral_shop_due', 'littoral_shop_delay_6'])(
    'is reported to the caller in place of a lost connection: after %s is declared',
    async (queue) => {
      const gateway = await runGateway({ service: 'shop', broker: broker() });
      await alarm(true);
      const delayed = post(gateway, '/events/a.b', {}, { 'message-delay': '64' });
      await eventually(() => hasQueue(queue), { intervalMs: 10 });
      await block(gateway);
      expect(await delayed).toMatchObject({ status: 503, body: { code: 'broker-blocked', outcome: 'not-accepted' } });
      const refused = await post(gateway, '/events/a.b', {}, { 'message-delay': '128' });
      expect(refused).toMatchObject({ status: 503, body: { code: 'broker-blocked', outcome: 'not-accepted' } });
      await alarm(false);
      await untilReady(gateway);
      expect((await post(gateway, '/events/a.b', {})).status).toBe(202);
    },
  );

  test.each(['just before', 'while'])(
    'holds a failed message for its second attempt, and does not repeat the first: %s its delay level is declared',
    async (moment) => {
      const attempts: unknown[] = [];
      const failed = gate();
      const handler = defineCommandHandler({
        routingKey: 'a',
        distributed: true,
        async handle(_, headers) {
          attempts.push(headers[Header.attempts] ?? 0);
          if (attempts.length > 1) return;
          await failed.opened;
          // The levels of the configured retries are declared at start. This one is declared when it is needed.
          throw new RetryLater('not yet', { delayMs: 64 });
        },
      });
      const retries = { maxAttempts: 1, initialDelayMs: 1024 };
      const gateway = await runGateway({ service: 'shop', broker: broker(), handlers: [handler], retries });
      await untilReady(gateway);
      expect((await post(gateway, '/commands/shop/a', {})).status).toBe(202);
      await eventually(() => expect(attempts).toEqual([0]));
      expect(await queueNames()).not.toContain('littoral_shop_delay_6');
      await alarm(true);
      if (moment === 'just before') await block(gateway);
      failed.open();
      if (moment === 'while') await eventually(() => hasQueue('littoral_shop_delay_6'), { intervalMs: 10 });
      // Waits for its turn behind the declaration, until the time of that is up.
      const behind = post(gateway, '/events/a.b', {}, { 'message-delay': '128' });
      if (moment === 'while') await block(gateway);
      expect((await behind).body.code).toBe('broker-blocked');
      expect(gateway.unacknowledged()).toHaveLength(1);
      await alarm(false);
      await eventually(() => expect(attempts).toHaveLength(2), { timeoutMs: 60_000 });
      expect(attempts).toEqual([0, 1]);
    },
  );
});

describe('a memory alarm while the broker user may write nothing on the bus', () => {
  test('is followed by the refusal, even if the connection opened during the alarm', async () => {
    const management = createManagement(own.broker);
    const permit = (write: string) =>
      management.put(`/api/permissions/${own.vhost.name}/mute`, { configure: '.*', write, read: '.*' });
    await management.put('/api/users/mute', { password: 'mute-password', tags: '' });
    await permit('^(?!ecotone)');
    const url = new URL(own.vhost.url);
    url.username = 'mute';
    url.password = 'mute-password';
    const gateway = await runGateway({ service: 'shop', broker: { url: url.href } });
    expect((await post(gateway, '/events/a.b', {})).body.code).toBe('write-refused');
    await alarm(true);
    await own.vhost.closeConnections();
    await eventually(() => expect(gateway.channel.health().reason).toContain('blocks'));
    await permit('.*');
    await alarm(false);
    await untilReady(gateway);
    expect((await post(gateway, '/events/a.b', {})).status).toBe(202);
  });
});
