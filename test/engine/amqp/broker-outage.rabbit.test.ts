import { connect } from 'amqplib';
import { defineCommandHandler } from 'littoral';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../broker/eventually.ts';
import { untilDurable } from '../../broker/until-durable.ts';
import { usePrivateBroker } from '../../broker/use-private-broker.ts';
import {
  type Answer,
  post,
  type RunningGateway,
  readiness,
  runGateway,
  untilReady,
} from '../../flow/gateway-fixture.ts';

// A broker of its own: these tests stop, kill and freeze it.
const own = usePrivateBroker();

const quick = { heartbeatSeconds: 1, confirmTimeoutMs: 3000 };
const outage = { timeoutMs: 120_000 };

/** A queue that keeps what is sent to a service, and nobody consumes. */
async function keepFor(service: string): Promise<void> {
  const connection = await connect(own.vhost.url);
  const channel = await connection.createChannel();
  await channel.assertExchange('ecotone.distributed', 'topic', { durable: true });
  const queue = `distributed_${service}`;
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue(queue, 'ecotone.distributed', service);
  await connection.close();
}

/** The ids of all messages in a queue, which is empty afterwards. */
async function takeIds(queue: string): Promise<string[]> {
  const connection = await connect(own.vhost.url);
  const channel = await connection.createChannel();
  const ids: string[] = [];
  for (;;) {
    const message = await channel.get(queue, { noAck: true });
    if (!message) break;
    ids.push(message.properties.messageId);
  }
  await connection.close();
  return ids;
}

/** Sends one after the other on several lanes until told to stop, and keeps every answer. */
function sendWithoutPause(gateway: RunningGateway, path: string, lanes: number) {
  const answers: Answer[] = [];
  let stopped = false;
  const lane = async () => {
    while (!stopped) {
      const answer = await post(gateway, path, { at: answers.length });
      answers.push(answer);
      // A refused request comes back at once; without a pause it would only heat the machine.
      if (answer.status !== 202) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const running = Promise.allSettled(Array.from({ length: lanes }, lane));
  const stop = async () => {
    stopped = true;
    await running;
  };
  onTestFinished(stop);
  return { answers, stop };
}

/** No message that was answered 202 is missing, and none that was not accepted is there. */
async function expectHonest(answers: readonly Answer[], queue: string): Promise<void> {
  const ids = new Set(await takeIds(queue));
  const accepted = answers.filter(({ status }) => status === 202).map(({ body }) => body.messageId);
  expect(accepted.length).toBeGreaterThan(0);
  expect(accepted.filter((id) => !ids.has(id))).toEqual([]);
  const refused = answers.filter(({ body }) => body.outcome === 'not-accepted').map(({ body }) => body.messageId);
  expect(refused.filter((id) => ids.has(id))).toEqual([]);
  const unknown = answers.filter(({ body }) => body.outcome === 'unknown').map(({ body }) => body.messageId);
  for (const id of ids) expect([...accepted, ...unknown]).toContain(id);
  for (const { status } of answers) expect([202, 503, 504]).toContain(status);
}

/** Starts RabbitMQ in a running node, like `rabbitmqctl start_app`. */
async function startApplication(): Promise<void> {
  await own.broker.evaluate('rabbit:start()');
}

/** Stops the vhost with its queues. RabbitMQ refuses connections to it until it is started again. */
async function stopVhost(): Promise<void> {
  const find = `[Vhost] = ets:lookup(rabbit_vhost_sup_sup, <<"${own.vhost.name}">>)`;
  await own.broker.evaluate(`${find}, supervisor2:terminate_child(rabbit_vhost_sup_sup, element(4, Vhost))`);
}

async function restartVhost(): Promise<void> {
  await own.broker.evaluate(`{ok, _} = rabbit_vhost_sup_sup:start_vhost(<<"${own.vhost.name}">>)`);
}

describe('no message that was answered 202 is lost, and none that was refused is sent, when the broker', () => {
  const start = () => own.broker.start();

  test.each([
    ['is killed', () => own.broker.kill(), start],
    ['is stopped', () => own.broker.stop(), start],
    ['stops its application', () => own.broker.evaluate('rabbit:stop()'), startApplication],
    ['stops the vhost', stopVhost, restartVhost],
  ])('%s in the middle and starts again', async (_name, interrupt, recover) => {
    await keepFor('billing');
    const gateway = await runGateway({ service: 'shop', broker: { url: own.vhost.url, ...quick } });
    const load = sendWithoutPause(gateway, '/commands/billing/pay', 16);
    await eventually(() => expect(load.answers.length).toBeGreaterThan(200), outage);
    await untilDurable();
    await interrupt();
    await eventually(() => expect(load.answers.at(-1)?.status).toBe(503), outage);
    await recover();
    await untilReady(gateway);
    const recovered = load.answers.length;
    await eventually(() => {
      const later = load.answers.slice(recovered).filter(({ status }) => status === 202);
      expect(later.length).toBeGreaterThan(50);
    }, outage);
    await load.stop();
    await expectHonest(load.answers, 'distributed_billing');
  });

  test('freezes for longer than its heartbeat', async () => {
    await keepFor('billing');
    const gateway = await runGateway({ service: 'shop', broker: { url: own.vhost.url, ...quick } });
    const load = sendWithoutPause(gateway, '/commands/billing/pay', 16);
    await eventually(() => expect(load.answers.length).toBeGreaterThan(200), outage);
    await own.broker.pause();
    try {
      await eventually(() => expect(load.answers.some(({ status }) => status === 504)).toBe(true), outage);
      await eventually(async () => expect((await readiness(gateway)).status).toBe(503), outage);
    } finally {
      await own.broker.resume();
    }
    await untilReady(gateway);
    await load.stop();
    await expectHonest(load.answers, 'distributed_billing');
  });

  test('closes every connection', async () => {
    await keepFor('billing');
    const gateway = await runGateway({ service: 'shop', broker: { url: own.vhost.url, ...quick } });
    const load = sendWithoutPause(gateway, '/commands/billing/pay', 16);
    for (const round of [1, 2, 3]) {
      await eventually(() => expect(load.answers.length).toBeGreaterThan(round * 100), outage);
      await own.vhost.closeConnections();
      await untilReady(gateway);
    }
    await load.stop();
    await expectHonest(load.answers, 'distributed_billing');
  });
});

describe('a gateway without its broker', () => {
  test('starts, says why it is not ready, refuses what it cannot send, and connects when the broker appears', async () => {
    const handled: unknown[] = [];
    const handle = (payload: unknown) => void handled.push(payload);
    await own.broker.stop();
    const gateway = await runGateway({
      service: 'billing',
      broker: { url: own.vhost.url, ...quick },
      handlers: [defineCommandHandler({ routingKey: 'pay', distributed: true, handle })],
    });

    const notReady = await readiness(gateway);
    expect(notReady.status).toBe(503);
    expect(await notReady.json()).toMatchObject({ code: 'not-ready', detail: expect.stringContaining('ECONNREFUSED') });
    expect((await fetch(`${gateway.address}/livez`)).status).toBe(200);
    const refused = await post(gateway, '/commands/billing/pay', {});
    expect(refused).toMatchObject({
      status: 503,
      body: { code: 'broker-unavailable', outcome: 'not-accepted', retryable: true },
    });
    expect(refused.headers.get('retry-after')).toBe('1');

    await own.broker.start();
    await untilReady(gateway);
    expect(await post(gateway, '/commands/billing/pay', { amount: 1 })).toMatchObject({ status: 202 });
    await eventually(() => expect(handled).toEqual([{ amount: 1 }]));
  });

  test('never shows the password, neither in an answer nor in its log', async () => {
    const { hostname, port } = new URL(own.broker.url);
    const url = `amqp://guest:s3cret-w0rd@${hostname}:${port}/`;
    const lines: string[] = [];
    const { pino } = await import('pino');
    const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const gateway = await runGateway({ service: 'shop', broker: { url, ...quick } }, { logger });
    const body = await (await readiness(gateway)).text();
    expect(body).toContain('ACCESS_REFUSED');
    const refused = await post(gateway, '/events/a', {});
    expect(refused.status).toBe(503);
    expect(`${body}${JSON.stringify(refused.body)}${lines.join('')}`).not.toMatch(/s3cret|w0rd/);
    expect(lines.join('')).toContain(`amqp://${hostname}:${port}/`);
  });
});

describe('a broker that cannot declare queues', () => {
  test('has the last word in every answer, and is asked again until it can', async () => {
    await keepFor('billing');
    const gateway = await runGateway({ service: 'shop', broker: { url: own.vhost.url, ...quick } });
    // Without this part, RabbitMQ declares no queue that dead-letters at least once.
    await own.broker.evaluate('supervisor:terminate_child(rabbit_sup, rabbit_fifo_dlx_sup)');
    const later = { 'message-delay': '10' };
    const late = await runGateway({ service: 'late', broker: { url: own.vhost.url, ...quick } });
    try {
      const refused = await post(gateway, '/commands/billing/pay', {}, later);
      expect(refused).toMatchObject({ status: 503, body: { code: 'broker-unavailable', outcome: 'not-accepted' } });
      expect(refused.body.detail).toContain('541 (INTERNAL-ERROR)');
      await eventually(
        async () => expect(await (await readiness(late)).text()).toContain('541 (INTERNAL-ERROR)'),
        outage,
      );
    } finally {
      await own.broker.stop();
    }
    await own.broker.start();
    for (const each of [late, gateway]) {
      await untilReady(each);
      const accepted = async () => expect((await post(each, '/commands/billing/pay', {}, later)).status).toBe(202);
      await eventually(accepted, outage);
    }
  });
});

describe('a memory alarm', () => {
  test('refuses what comes, until it is over', async () => {
    await keepFor('billing');
    const gateway = await runGateway({ service: 'shop', broker: { url: own.vhost.url, ...quick } });
    await post(gateway, '/commands/billing/pay', {});
    await own.alarm(true);
    // The broker tells a connection that it is blocked once something is published on it.
    await eventually(async () => {
      const { status, body } = await post(gateway, '/commands/billing/pay', {});
      expect({ status, code: body.code }).toEqual({ status: 503, code: 'broker-blocked' });
    }, outage);
    expect((await readiness(gateway)).status).toBe(503);
    await own.alarm(false);
    await untilReady(gateway);
    expect((await post(gateway, '/commands/billing/pay', {})).status).toBe(202);
  });
});

describe('while the broker does not answer', () => {
  test('no more than maxInFlight wait for it', async () => {
    await keepFor('billing');
    const broker_ = { url: own.vhost.url, heartbeatSeconds: 60, confirmTimeoutMs: 2000, maxInFlight: 5 };
    const gateway = await runGateway({ service: 'shop', broker: broker_ });
    expect((await post(gateway, '/commands/billing/pay', {})).status).toBe(202);
    await own.broker.pause();
    const sending = Array.from({ length: 8 }, () => post(gateway, '/commands/billing/pay', {}));
    const answers = await Promise.all(sending).finally(() => own.broker.resume());
    const codes = answers.map(({ status, body }) => `${status} ${body.code} ${body.outcome}`).sort();
    expect(codes).toEqual([
      ...Array(3).fill('429 too-many-in-flight not-accepted'),
      ...Array(5).fill('504 confirm-timeout unknown'),
    ]);
    const [timedOut] = answers.filter(({ status }) => status === 504);
    expect(timedOut?.body.messageId).toBe(timedOut?.headers.get('message-id'));
    // What was written may still arrive: that is what unknown means.
    await eventually(async () => expect(await own.vhost.messages('distributed_billing')).toBe(6));
    await eventually(async () => expect((await post(gateway, '/commands/billing/pay', {})).status).toBe(202));
  });
});
