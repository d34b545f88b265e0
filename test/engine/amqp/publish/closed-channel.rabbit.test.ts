import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { post, runGateway } from '../../../flow/gateway-fixture.ts';
import { openChannel } from '../open-channel.ts';
import { methods, wayOfFrames } from '../way-of-frames.ts';

const vhost = useVhost();
const bus = 'ecotone.distributed';
/** An interval that is longer than a test, so that no check runs by itself. */
const topologyCheckMs = 3_600_000;

describe('an exchange that is deleted between two publishes', () => {
  test.each([
    ['of the bus', 'first', bus, {}],
    ['of a delay', 'delayed', 'littoral_delayed_delay_19', { 'message-delay': '524288' }],
  ])(
    '%s leaves the outcome of the first unknown, which was taken, and publishes it once',
    async (_, service, exchange, headers) => {
      const state = { isDropping: false };
      const url = await wayOfFrames(vhost.url, (method) => state.isDropping && method === methods.ack);
      const channel = await openChannel(vhost.url);
      await channel.assertExchange(bus, 'topic', { durable: true });
      await channel.assertQueue(service, { durable: true });
      await channel.bindQueue(service, bus, 'a.b');
      const gateway = await runGateway({ service, broker: { url, topologyCheckMs } });
      const queue = exchange === bus ? service : exchange;
      expect((await post(gateway, '/events/a.b', 0, headers)).status).toBe(202);

      state.isDropping = true;
      const first = post(gateway, '/events/a.b', 1, headers);
      await eventually(async () => expect(await vhost.messages(queue)).toBe(2));
      await channel.deleteExchange(exchange);
      const second = post(gateway, '/events/a.b', 2, headers);
      const { status, body } = await first;
      expect({ status, body }).toMatchObject({ status: 504, body: { code: 'connection-lost', outcome: 'unknown' } });
      state.isDropping = false;
      const answer = await second;
      if (answer.status !== 202) expect(answer.body).toMatchObject({ status: 503, outcome: 'not-accepted' });
      expect(await vhost.messages(queue)).toBe(2);
    },
  );
});

describe('a channel that the broker does not reopen', () => {
  test('is closed with its connection, and waiting publishes are refused', async () => {
    const state = { connections: 0, isMute: false };
    const url = await wayOfFrames(vhost.url, (method, connection) => {
      if (!state.isMute) state.connections = Math.max(state.connections, connection + 1);
      return state.isMute && connection < state.connections && method === methods.openOk;
    });
    const broker = { url, topologyCheckMs, confirmTimeoutMs: 1_000 };
    const gateway = await runGateway({ service: 'mute', broker });
    expect((await post(gateway, '/events/a.b', 0)).status).toBe(202);
    state.isMute = true;
    await (await openChannel(vhost.url)).deleteExchange(bus);
    expect(await post(gateway, '/events/a.b', 1)).toMatchObject({ status: 503, body: { outcome: 'not-accepted' } });
    await eventually(async () => expect((await fetch(`${gateway.address}/readyz`)).status).toBe(200));
    await eventually(async () =>
      expect((await post(gateway, '/events/a.b', 2)).body.code).not.toBe('broker-unavailable'),
    );
  });

  test('keeps no caller waiting when the gateway stops', async () => {
    const state = { isMute: false };
    const url = await wayOfFrames(vhost.url, (method) => state.isMute && method === methods.openOk);
    const lines: string[] = [];
    const logger = pino({ level: 'error' }, { write: (line) => void lines.push(line) });
    const gateway = await runGateway({ service: 'stopped', broker: { url, topologyCheckMs } }, { logger });
    expect((await post(gateway, '/events/a.b', 0)).status).toBe(202);
    state.isMute = true;
    await (await openChannel(vhost.url)).deleteExchange(bus);
    const answer = post(gateway, '/events/a.b', 1);
    await eventually(() => expect(lines.join()).toContain('the publishing channel failed'));
    await gateway.stop();
    expect(await answer).toMatchObject({ status: 503, body: { outcome: 'not-accepted' } });
  });
});
