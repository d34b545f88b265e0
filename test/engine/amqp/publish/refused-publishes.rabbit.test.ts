import { connect } from 'amqplib';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../broker/eventually.ts';
import { createRestrictedUser, type RestrictedUser } from '../../../broker/restricted-user.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { post, type RunningGateway, runGateway, untilReady } from '../../../flow/gateway-fixture.ts';

const vhost = useVhost();

/** A queue for everything under some keys. */
async function bindQueue(queue: string, key: string): Promise<void> {
  const connection = await connect(vhost.url);
  onTestFinished(() => connection.close());
  const channel = await connection.createChannel();
  await channel.assertExchange('ecotone.distributed', 'topic', { durable: true });
  await channel.assertQueue(queue, { durable: true });
  await channel.bindQueue(queue, 'ecotone.distributed', key);
}

async function restrictedUser(): Promise<RestrictedUser> {
  const user = await createRestrictedUser(vhost);
  onTestFinished(() => user.close());
  return user;
}

/** A gateway of that user, with the number of times that the broker closed its publishing channel. */
async function assembleGateway(user: RestrictedUser, config: Parameters<typeof runGateway>[0]) {
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
  const gateway = await runGateway({ ...config, broker: { url: user.url, ...config.broker } }, { logger });
  const closedChannels = () => lines.filter((line) => line.includes('the publishing channel failed')).length;
  return { gateway, closedChannels, lines };
}

const many = (gateway: RunningGateway, keys: readonly string[]) =>
  Promise.all(keys.map((key, index) => post(gateway, `/events/${key}`, { index })));

describe('a key that the broker user may not write', () => {
  test('is refused with 403, without closing the publishing channel', async () => {
    await bindQueue('apart', '#');
    const user = await restrictedUser();
    await user.mayWriteKeys('^good\\.');
    const { gateway, closedChannels } = await assembleGateway(user, { service: 'apart' });
    const keys = Array.from({ length: 120 }, (_, index) =>
      index % 4 === 1 ? `bad.${index % 7}` : `good.${index % 7}`,
    );
    const answers = await many(gateway, keys);
    expect(answers.map(({ status }) => status)).toEqual(keys.map((key) => (key.startsWith('good') ? 202 : 403)));
    expect(answers.find(({ status }) => status === 403)?.body).toMatchObject({
      code: 'not-permitted',
      retryable: false,
      outcome: 'not-accepted',
      detail: expect.stringMatching(/access to topic 'bad\.\d' .* set_topic_permissions/),
    });
    expect(closedChannels()).toBe(0);
    // The probe is not a message.
    expect(await vhost.messages('apart')).toBe(90);
  });

  test('ends no shared connection, even if RabbitMQ cannot quote it in the refusal', async () => {
    const user = await restrictedUser();
    await user.mayWriteKeys('^(good|gut)');
    const { gateway, lines } = await assembleGateway(user, { service: 'foreign' });
    const keys = ['good.x', '日本', 'gut.ü', 'ü'.repeat(120), 'good.x', 'k'.repeat(250)];
    const answers = await many(gateway, keys.map(encodeURIComponent));
    expect(answers.map(({ status }) => status)).toEqual([202, 403, 202, 403, 202, 403]);
    expect(lines.filter((line) => line.includes('was lost'))).toEqual([]);
  });

  // RabbitMQ 4.0.5 ends the connection over a refused key of which it would have to cut a letter beyond ASCII.
  test.each([
    ['keys beyond ASCII alone', '^[ -~]*$', 'ü'.repeat(120), 403, 0],
    // No probe reports this before the connection ends over it.
    ['an exception beyond ASCII', '^(?!secret)', `secret${'ü'.repeat(110)}`, 202, 1],
  ])('ends at most one connection if the pattern excludes %s', async (_, pattern, key, other, mostLost) => {
    const user = await restrictedUser();
    await user.mayWriteKeys(pattern);
    const { gateway, lines } = await assembleGateway(user, { service: 'beyond' });
    const bad = `/events/${encodeURIComponent(key)}`;
    await eventually(async () => expect((await post(gateway, bad, {})).status).toBe(403));
    const answers = await many(gateway, [key, 'good', 'güt', key, 'good'].map(encodeURIComponent));
    expect(answers.map(({ status }) => status)).toEqual([403, 202, other, 403, 202]);
    expect(lines.filter((line) => line.includes('the connection to the broker was lost')).length).toBeLessThanOrEqual(
      mostLost,
    );
  });

  test('works within ten seconds after it was permitted', async () => {
    const user = await restrictedUser();
    await user.mayWriteKeys('^good\\.');
    const { gateway } = await assembleGateway(user, { service: 'granted' });
    expect((await post(gateway, '/events/later.x', {})).status).toBe(403);
    await user.mayWriteKeys('.*');
    await eventually(async () => expect((await post(gateway, '/events/later.x', {})).status).toBe(202));
  });

  test('is detected when the channel is closed over it, and the publishes behind it are sent', async () => {
    await bindQueue('exception', '#');
    const user = await restrictedUser();
    // Every key but one: the first probe does not detect that.
    await user.mayWriteKeys('^(?!secret$)');
    const { gateway, closedChannels } = await assembleGateway(user, { service: 'exception' });
    const keys = Array.from({ length: 80 }, (_, index) => (index % 20 === 5 ? 'secret' : `open.${index % 3}`));
    const answers = await many(gateway, keys);
    expect(closedChannels()).toBe(1);
    answers.forEach(({ status, body }, index) => {
      if (keys[index] === 'secret') expect(body, `request ${index}`).toMatchObject({ code: 'not-permitted' });
      else expect([202, 504], `request ${index}`).toContain(status);
    });
    const confirmed = answers.filter(({ status }) => status === 202).length;
    expect(await vhost.messages('exception')).toBeGreaterThanOrEqual(confirmed);
    expect(await vhost.messages('exception')).toBeLessThanOrEqual(76);
    // From now on keys are checked.
    const again = await many(gateway, keys);
    expect(again.map(({ status }) => status)).toEqual(keys.map((key) => (key === 'secret' ? 403 : 202)));
    expect(closedChannels()).toBe(1);
  });

  test('makes a delayed event a dead letter when it is due', async () => {
    const user = await restrictedUser();
    await user.mayWriteKeys('^good\\.');
    const { gateway } = await assembleGateway(user, { service: 'due' });
    const delayed = await post(gateway, '/events/bad.later', {}, { 'message-delay': '1' });
    expect(delayed.status).toBe(202);
    await eventually(async () => expect(await vhost.messages('distributed_due_dead_letter')).toBe(1));
    expect(await vhost.messages('littoral_due_due')).toBe(0);
  });
});

describe('a broker user who may write nothing on the bus', () => {
  test('makes the gateway unready, until it is permitted again', async () => {
    const user = await restrictedUser();
    const { gateway, closedChannels } = await assembleGateway(user, { service: 'mute' });
    expect((await post(gateway, '/events/a.b', {})).status).toBe(202);
    await user.mayWriteTo('^(?!ecotone)');
    // RabbitMQ caches a channel's permissions for up to a minute.
    await vhost.closeConnections();
    const refused = await eventually(async () => {
      const answer = await post(gateway, '/events/a.b', {});
      expect(answer.body.code).toBe('write-refused');
      return answer;
    });
    expect(refused.body).toMatchObject({ status: 503, outcome: 'not-accepted', retryable: true });
    expect(refused.body.detail).toContain("access to exchange 'ecotone.distributed'");
    const before = closedChannels();
    const answers = await many(
      gateway,
      Array.from({ length: 50 }, () => 'a.b'),
    );
    expect(new Set(answers.map(({ body }) => body.code))).toEqual(new Set(['write-refused']));
    expect(closedChannels()).toBe(before);
    const readyz = await fetch(`${gateway.address}/readyz`);
    expect(readyz.status).toBe(503);
    expect(await readyz.text()).toContain('may not write to the exchange');
    await user.mayWriteTo('.*');
    await untilReady(gateway);
    expect((await post(gateway, '/events/a.b', {})).status).toBe(202);
  });
});
