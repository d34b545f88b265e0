import type { Channel } from 'amqplib';
import { defineCommandHandler, defineEventHandler } from 'littoral';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { AmqpConsumer } from '../../../../src/engine/amqp/consume/amqp-consumer.ts';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { type Answer, post, type RunningGateway, runGateway } from '../../../flow/gateway-fixture.ts';
import { openInbox } from '../../engine-fixture.ts';
import { createAmqpEngine } from '../create-amqp-engine.ts';
import { openChannel } from '../open-channel.ts';

const vhost = useVhost();
const bus = 'ecotone.distributed';
/** An interval that is longer than a test, so that no check runs by itself. */
const never = 3_600_000;

interface Service extends RunningGateway {
  readonly handled: unknown[];
  readonly lines: string[];
}

/** A gateway that handles the command `pay` and the event `<service>.paid`. */
async function runService(service: string, topologyCheckMs: number): Promise<Service> {
  const handled: unknown[] = [];
  const lines: string[] = [];
  const handle = (payload: unknown) => void handled.push(payload);
  const handlers = [
    defineCommandHandler({ routingKey: 'pay', distributed: true, handle }),
    defineEventHandler({ routingKey: `${service}.paid`, distributed: true, handle }),
  ];
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
  const broker = { url: vhost.url, topologyCheckMs };
  const gateway = await runGateway({ service, broker, handlers }, { logger });
  return { ...gateway, handled, lines };
}

async function readiness({ address }: RunningGateway): Promise<{ status: number; body: { warnings?: string[] } }> {
  const answer = await fetch(`${address}/readyz`);
  return { status: answer.status, body: (await answer.json()) as { warnings?: string[] } };
}

async function boundKeys(queue: string): Promise<string[]> {
  const bindings = (await vhost.bindings()).filter(
    ({ source, destination }) => source === bus && destination === queue,
  );
  return bindings.map(({ routingKey }) => routingKey).sort();
}

/** Sends until the message is accepted. Expects each earlier answer to report that nothing was stored. */
async function acceptedAtLast(send: () => Promise<Answer>): Promise<Answer> {
  return eventually(async () => {
    const answer = await send();
    if (answer.status !== 202) expect(answer.body).toMatchObject({ outcome: expect.stringMatching(/unknown|not-acc/) });
    expect(answer.status).toBe(202);
    return answer;
  });
}

describe('a deleted binding', () => {
  test('is restored by a returned command, which is then handled', async () => {
    const gateway = await runService('one', never);
    await (await openChannel(vhost.url)).unbindQueue('distributed_one', bus, 'one');
    expect((await post(gateway, '/commands/one/pay', 1)).status).toBe(202);
    await eventually(() => expect(gateway.handled).toEqual([1]));
    expect(await boundKeys('distributed_one')).toEqual(['one', 'one.paid']);
  });

  test('is restored by an event that its own gateway publishes', async () => {
    const gateway = await runService('two', never);
    await (await openChannel(vhost.url)).unbindQueue('distributed_two', bus, 'two.paid');
    expect(await post(gateway, '/events/two.paid', 2)).toMatchObject({ status: 202, body: { routed: true } });
    await eventually(() => expect(gateway.handled).toEqual([2]));
  });

  test('is restored at the next check, without any message', async () => {
    const gateway = await runService('three', 200);
    const channel = await openChannel(vhost.url);
    await channel.unbindQueue('distributed_three', bus, 'three.paid');
    await channel.unbindQueue('distributed_three', bus, 'three');
    await eventually(async () => expect(await boundKeys('distributed_three')).toEqual(['three', 'three.paid']));
    expect((await readiness(gateway)).status).toBe(200);
  });

  test('answers a command of another gateway with 503 until its owner restores it', async () => {
    const [sender, receiver] = await Promise.all([runService('sender', never), runService('owner', never)]);
    await (await openChannel(vhost.url)).unbindQueue('distributed_owner', bus, 'owner');
    const answer = await post(sender, '/commands/owner/pay', 1);
    expect(answer).toMatchObject({ status: 503, body: { code: 'not-bound', outcome: 'not-accepted' } });
    expect(answer.body.detail).toContain("the queue 'distributed_owner' exists, but is not bound to the bus");
    expect((await post(receiver, '/commands/owner/pay', 2)).status).toBe(202);
    expect((await post(sender, '/commands/owner/pay', 3)).status).toBe(202);
    await eventually(() => expect(receiver.handled).toEqual([2, 3]));
  });

  test('is left to its owner, and so is every other binding of the bus', async () => {
    const channel = await openChannel(vhost.url);
    const gateway = await runService('four', 200);
    await channel.assertQueue('distributed_php', { durable: true });
    await channel.bindQueue('distributed_php', bus, 'php.#');
    await channel.bindQueue('distributed_four', bus, 'by.hand');
    await channel.unbindQueue('distributed_four', bus, 'four.paid');
    await eventually(async () => expect(await boundKeys('distributed_four')).toContain('four.paid'));
    expect(await boundKeys('distributed_four')).toContain('by.hand');
    expect(await boundKeys('distributed_php')).toEqual(['php.#']);
    // The answer to an event without a subscriber is unchanged.
    expect(await post(gateway, '/events/nobody', 1)).toMatchObject({ status: 202, body: { routed: false } });
  });
});

describe('the exchange of the bus, deleted', () => {
  test('is restored by a publish, with the bindings of the gateway that published', async () => {
    const gateway = await runService('five', never);
    await (await openChannel(vhost.url)).deleteExchange(bus);
    await acceptedAtLast(() => post(gateway, '/commands/five/pay', 1));
    await eventually(() => expect(gateway.handled).toEqual([1]));
    expect(await boundKeys('distributed_five')).toEqual(['five', 'five.paid']);
    const { status, body } = await readiness(gateway);
    expect(status).toBe(200);
    expect(body.warnings?.join()).toContain(
      "the exchange 'ecotone.distributed' was deleted and has been declared again",
    );
  });

  test('is restored at the next check, with the bindings of every gateway', async () => {
    const [one, other] = await Promise.all([runService('six', 200), runService('seven', 200)]);
    await (await openChannel(vhost.url)).deleteExchange(bus);
    await eventually(async () => {
      expect(await boundKeys('distributed_six')).toEqual(['six', 'six.paid']);
      expect(await boundKeys('distributed_seven')).toEqual(['seven', 'seven.paid']);
    });
    await acceptedAtLast(() => post(one, '/commands/seven/pay', 1));
    await eventually(() => expect(other.handled).toEqual([1]));
  });

  test('answers unrouted events with 503, while other services may still bind', async () => {
    const [sender, receiver] = await Promise.all([runService('eight', never), runService('nine', never)]);
    await (await openChannel(vhost.url)).deleteExchange(bus);
    await eventually(async () => {
      const answer = await post(sender, '/events/nine.paid', 1);
      expect(answer).toMatchObject({ status: 503, body: { outcome: 'not-accepted' } });
      expect(answer.body.detail).toContain('binds its queue');
    });
    expect(await post(sender, '/commands/nine/pay', 2)).toMatchObject({ status: 503, body: { code: 'not-bound' } });
    // The receiver detects it as soon as a message for it is returned.
    expect((await post(receiver, '/commands/nine/pay', 3)).status).toBe(202);
    expect((await post(sender, '/events/nine.paid', 4)).status).toBe(202);
    await eventually(() => expect(receiver.handled).toEqual([3, 4]));
  });

  test('is known only to the gateway that restored it: others answer an event that no queue took with 202', async () => {
    const services = ['thirteen', 'fourteen', 'fifteen'] as const;
    const [restorer, sender] = await Promise.all(services.map((service) => runService(service, never)));
    await (await openChannel(vhost.url)).deleteExchange(bus);
    await eventually(async () => {
      expect(await post(restorer as Service, '/events/fifteen.paid', 1)).toMatchObject({
        status: 503,
        body: { code: 'not-bound' },
      });
    });
    const answer = await post(sender as Service, '/events/fifteen.paid', 2);
    expect(answer).toMatchObject({ status: 202, body: { routed: false } });
    expect(await post(sender as Service, '/commands/fifteen/pay', 3)).toMatchObject({
      status: 503,
      body: { code: 'not-bound' },
    });
  });

  test('is reported once if it reappears in another form, and used again when that is gone', async () => {
    const gateway = await runService('ten', 200);
    const channel = await openChannel(vhost.url);
    await Promise.all([channel.deleteExchange(bus), channel.assertExchange(bus, 'fanout', { durable: true })]);
    await eventually(async () => {
      const { status, body } = await readiness(gateway);
      expect(status).toBe(503);
      expect(JSON.stringify(body)).toContain('in another form than a durable topic exchange');
    });
    expect((await post(gateway, '/events/ten.paid', 1)).status).toBe(503);
    await (await openChannel(vhost.url)).deleteExchange(bus);
    await eventually(async () => expect((await readiness(gateway)).status).toBe(200));
    await acceptedAtLast(() => post(gateway, '/events/ten.paid', 2));
    await eventually(() => expect(gateway.handled).toEqual([2]));
    expect(gateway.lines.filter((line) => line.includes('exchange of the bus exists in another form'))).toHaveLength(1);
  });
});

describe('a deleted queue', () => {
  test.each([
    ['of the service', 'distributed_eleven'],
    ['of its dead letters', 'distributed_eleven_dead_letter'],
    ['of what is due', 'littoral_eleven_due'],
  ])('is declared again, even without a message: %s', async (_, queue) => {
    const gateway = await runService('eleven', 200);
    await vhost.deleteQueue(queue);
    await eventually(async () => expect((await vhost.queues()).map(({ name }) => name)).toContain(queue));
    await eventually(async () => expect((await readiness(gateway)).status).toBe(200));
    await acceptedAtLast(() => post(gateway, '/commands/eleven/pay', queue));
    await eventually(() => expect(gateway.handled).toEqual([queue]));
  });
});

describe('the exchanges and bindings of delayed messages', () => {
  test.each([
    ['the last exchange', (channel: Channel) => channel.deleteExchange('littoral_twelve_delay_end')],
    ['the exchange of a level', (channel: Channel) => channel.deleteExchange('littoral_twelve_delay_3')],
    [
      'the binding at the end',
      (channel: Channel) =>
        channel.unbindQueue('littoral_twelve_due', 'littoral_twelve_delay_end', 'littoral_twelve_due'),
    ],
  ])('is restored while they wait: %s', { timeout: 300_000 }, async (name, remove) => {
    const gateway = await runService('twelve', 300);
    const sent = await post(gateway, '/commands/twelve/pay', name, { 'message-delay': '4000' });
    expect(sent.status).toBe(202);
    await remove(await openChannel(vhost.url));
    await eventually(() => expect(gateway.handled).toEqual([name]), { timeoutMs: 240_000 });
  });
});

describe('a retired key', () => {
  test('is unbound at the start alone: a version that still handles it binds it again', async () => {
    const open = async (keys: object) => {
      const channel = createAmqpEngine({
        url: vhost.url,
        service: 'rollback',
        topologyCheckMs: never,
      });
      onTestFinished(() => channel.close(1000));
      await channel.start();
      const { consumer } = await openInbox(channel, { queue: 'distributed_rollback', ...keys });
      return consumer as AmqpConsumer;
    };
    const before = await open({ bindingKeys: ['rollback', 'rollback.done'] });
    const after = await open({ bindingKeys: ['rollback'], retiredKeys: ['rollback.done'] });
    expect(await boundKeys('distributed_rollback')).toEqual(['rollback']);
    await before.verify();
    await after.verify();
    expect(await boundKeys('distributed_rollback')).toEqual(['rollback', 'rollback.done']);
  });
});
