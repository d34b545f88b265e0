import { describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { setMemoryAlarm } from '../broker/memory-alarm.ts';
import { usePrivateBroker } from '../broker/use-private-broker.ts';
import { post, type RunningGateway, runGateway, untilReady } from '../flow/gateway-fixture.ts';

// A private broker, because the limits apply to the whole broker.
const own = usePrivateBroker();

const alarm = (on: boolean) => setMemoryAlarm(own.broker, on);

const publish = ({ distributedBus }: RunningGateway, bytes: number) =>
  distributedBus.publishEvent('a.b', Buffer.alloc(bytes, '.'), 'text/plain').then(
    () => 'confirmed',
    (error) => `${error.code} ${error.outcome}`,
  );

describe('a body that is larger than max_message_size', () => {
  test.each([40_000, 200_000])('is refused with 413, without effect on others (limit: %i bytes)', async (limit) => {
    const set = `application:set_env(rabbit, max_message_size, ${limit}), persistent_term:put(max_message_size, ${limit}).`;
    await own.broker.rabbitmqctl('eval', set);
    const gateway = await runGateway({ service: 'shop', broker: { url: own.vhost.url } });
    const sizes = Array.from({ length: 90 }, (_, index) => (index % 9 === 4 ? limit + 1 + index : 10 * index));
    const outcomes = await Promise.all(sizes.map((bytes) => publish(gateway, bytes)));
    expect(outcomes).toEqual(sizes.map((bytes) => (bytes > limit ? 'body-too-large not-accepted' : 'confirmed')));
    expect(await publish(gateway, limit)).toBe('confirmed');
  });
});

describe('a memory alarm that begins while a delay level is declared', () => {
  test('is reported to the caller in place of a lost connection', async () => {
    const gateway = await runGateway({ service: 'shop', broker: { url: own.vhost.url, confirmTimeoutMs: 2_000 } });
    const delayed = post(gateway, '/events/a.b', {}, { 'message-delay': '64' });
    const isDeclared = async () =>
      expect((await own.vhost.queues()).some(({ name }) => name === 'littoral_shop_delay_6')).toBe(true);
    await eventually(isDeclared);
    await alarm(true);
    await eventually(async () => {
      void post(gateway, '/events/nobody.cares', {}).catch(() => {});
      expect(gateway.channel.health().reason).toContain('blocks');
    });
    // It depends on the moment: delayed already, written but not confirmed, or refused.
    expect([undefined, 'confirm-timeout', 'broker-blocked']).toContain((await delayed).body.code);
    const refused = await post(gateway, '/events/a.b', {}, { 'message-delay': '128' });
    expect(refused).toMatchObject({ status: 503, body: { code: 'broker-blocked', outcome: 'not-accepted' } });
    await alarm(false);
    await untilReady(gateway);
    expect((await post(gateway, '/events/a.b', {})).status).toBe(202);
  });
});

describe('a memory alarm while the broker user may write nothing on the bus', () => {
  test('is followed by the refusal, even if the connection opened during the alarm', async () => {
    const permit = (write: string) =>
      own.broker.rabbitmqctl('set_permissions', '-p', own.vhost.name, 'mute', '.*', write, '.*');
    await own.broker.rabbitmqctl('add_user', 'mute', 'mute-password');
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
