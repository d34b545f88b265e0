import { connect } from 'amqplib';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { defineEventHandler } from '../../src/handler/define-handler.ts';
import type { MessageHeaders } from '../../src/message/message-headers.ts';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { answering, type Behaviour, type Received, startApplication } from '../delivery/application-fixture.ts';
import { gate } from '../endpoint/endpoint-fixture.ts';
import { post, type RunningGateway, readiness, runGateway } from './gateway-fixture.ts';

const vhost = useVhost();
const retries = { maxAttempts: 5, initialDelayMs: 1 };
let services = 0;

/** A gateway of a service of its own, or of a given one, whose application handles `pay`. */
async function runPushing(url: string, { service = `billing${services++}`, concurrency = 10, holdMs = 200 } = {}) {
  const application = { url, commands: ['pay'], holdMs };
  const gateway = await runGateway({ service, broker: { url: vhost.url }, application, concurrency, retries });
  return Object.assign(gateway, { service });
}

const send = async (gateway: RunningGateway & { service: string }, from: number, to: number) => {
  for (let id = from; id < to; id++) {
    expect((await post(gateway, `/commands/${gateway.service}/pay`, { id })).status).toBe(202);
  }
};

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const idsOf = (received: readonly Received[]) => received.map(({ body }) => JSON.parse(body.toString()).id as number);
const attempts = (received: readonly Received[]) => new Set(received.map(({ headers }) => headers['message-attempt']));

const stateOf = async ({ address }: RunningGateway) => {
  const { applications } = (await (await fetch(`${address}/endpoints`)).json()) as {
    applications: { state: string }[];
  };
  return applications[0]?.state;
};

const deadLetters = async ({ address }: RunningGateway) =>
  ((await (await fetch(`${address}/dead-letters`)).json()) as { items: unknown[] }).items;

describe('an application behind a queue of RabbitMQ', () => {
  test.each([1, 10])('loses nothing while it is away, again and again (concurrency %i)', async (concurrency) => {
    const app = await startApplication();
    const gateway = await runPushing(app.url, { concurrency });
    let sent = 0;
    for (let outage = 0; outage < 3; outage++) {
      await send(gateway, sent, sent + 5);
      await app.stop();
      await send(gateway, sent + 5, sent + 15);
      sent += 15;
      await eventually(async () => expect(await stateOf(gateway)).toBe('away'));
      await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
      expect((await readiness(gateway)).status).toBe(200);
      await app.start();
      await eventually(async () => expect(await stateOf(gateway)).not.toBe('away'));
    }
    await eventually(() => expect(new Set(idsOf(app.received)).size).toBe(sent));
    await eventually(async () => expect((await vhost.queues()).find(isQueueOf(gateway))?.messages).toBe(0));
    // Only a request that was under way when the application stopped is an attempt that failed.
    const later = app.received.filter(({ headers }) => headers['message-attempt'] !== '1');
    expect(later.length).toBeLessThanOrEqual(3 * concurrency);
    if (concurrency === 1) {
      const inOrder = idsOf(app.received.filter(({ headers }) => headers['message-attempt'] === '1'));
      expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
    }
    expect(await deadLetters(gateway)).toEqual([]);
  });

  test('sees the same of a message of another program at its first attempt and at a retry', async () => {
    let calls = 0;
    const app = await startApplication((request, response, socket) =>
      answering(calls++ === 0 ? 500 : 204)(request, response, socket),
    );
    const { service } = await runPushing(app.url);
    const connection = await connect(vhost.url);
    onTestFinished(() => connection.close());
    const channel = await connection.createConfirmChannel();
    channel.sendToQueue(`distributed_${service}`, Buffer.from('x'), {
      ...{ messageId: 'Zo\u00eb', correlationId: 'c-1', userId: 'guest', priority: 7, expiration: '600000' },
      ...{ contentType: 'text/plain', timestamp: 1_700_000_000 },
      headers: {
        'ecotone.distributed.payloadType': 'command',
        'ecotone.distributed.routingKey': 'pay',
        'ecotone.distributed.sourceServiceName': 'shop',
        parentId: 'p-1',
      },
    });
    await channel.waitForConfirms();
    const [first, second] = await eventually(() => {
      expect(app.received).toHaveLength(2);
      return app.received.map(({ headers }) => headers);
    });
    expect(first).toMatchObject({
      'content-type': 'text/plain',
      'message-id': 'Zo%C3%AB',
      'message-attempt': '1',
      'message-correlation-id': 'c-1',
      'message-parent-id': 'p-1',
      'message-priority': '7',
      'message-source': 'shop',
      'message-timestamp': '2023-11-14T22:13:20Z',
      'message-user-id': 'guest',
    });
    const left = Date.parse(String(first?.['message-expires-at'])) - Date.now();
    expect(left > 0 && left <= 600_000).toBe(true);
    expect(second).toEqual({ ...first, 'message-attempt': '2' });
  });

  test('is handled by the gateway whose application is there', async () => {
    const [here, gone] = [await startApplication(), await startApplication()];
    await gone.stop();
    const second = await runPushing(gone.url);
    const first = await runPushing(here.url, { service: second.service });
    await send(first, 0, 40);
    await eventually(() => expect(idsOf(here.received).toSorted((a, b) => a - b)).toEqual(upTo(40)));
    expect(attempts(here.received)).toEqual(new Set(['1']));
    expect(await stateOf(second)).toBe('away');
    expect(await deadLetters(first)).toEqual([]);
  });

  test('keeps its messages when the connection to the broker is lost while it is away', async () => {
    const app = await startApplication();
    await app.stop();
    const gateway = await runPushing(app.url, { holdMs: 60_000 });
    await send(gateway, 0, 12);
    await eventually(async () => expect(await stateOf(gateway)).toBe('away'));
    await eventually(() => expect(gateway.unacknowledged().length).toBeGreaterThan(0));
    await eventually(async () => expect(await vhost.closeConnections()).toBeGreaterThan(0));
    await app.start();
    await eventually(() => expect(new Set(idsOf(app.received))).toEqual(new Set(upTo(12))));
    await eventually(async () => expect((await vhost.queues()).find(isQueueOf(gateway))?.messages).toBe(0));
    expect(attempts(app.received)).toEqual(new Set(['1']));
  });

  test('finishes its request during a shutdown, and sends what belongs to it', async () => {
    const finish = gate();
    let gateway: RunningGateway | undefined;
    const statuses: number[] = [];
    const behaviour: Behaviour = async (request, response, socket) => {
      await finish.opened;
      const headers = { 'message-parent-id': String(request.headers['message-id']) };
      statuses.push((await post(gateway as RunningGateway, '/events/paid', {}, headers)).status);
      answering(204)(request, response, socket);
    };
    const app = await startApplication(behaviour);
    const pushing = await runPushing(app.url);
    gateway = pushing;
    await send(pushing, 0, 1);
    await eventually(() => expect(app.received).toHaveLength(1));
    const stopped = pushing.stop();
    await eventually(async () => expect((await readiness(pushing)).status).toBe(503));
    finish.open();
    await stopped;
    expect(statuses).toEqual([202]);
    const queue = (await vhost.queues()).find(isQueueOf(pushing));
    expect(queue?.messages).toBe(0);
  });
});

describe('a request that does not end before the shutdown does', () => {
  test('is no attempt: its message is requeued', async () => {
    const app = await startApplication(() => {});
    const lines: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const service = 'hanging';
    const config = { service, broker: { url: vhost.url }, application: { url: app.url, commands: ['pay'] } };
    const gateway = await runGateway({ ...config, shutdownTimeoutMs: 300 }, { logger });
    await send({ ...gateway, service }, 0, 1);
    await eventually(() => expect(app.received).toHaveLength(1));
    await gateway.stop();
    expect(lines.filter((line) => !line.includes('not finished in time'))).toEqual([]);
    await app.stop();
    const next = await startApplication();
    await runPushing(next.url, { service });
    await eventually(() => expect(attempts(next.received)).toEqual(new Set(['1'])));
  });
});

const isQueueOf =
  ({ service }: { readonly service: string }) =>
  ({ name }: { readonly name: string }) =>
    name === `distributed_${service}`;

describe('what an application sends while it handles a message', () => {
  test('inherits from that message', async () => {
    const heard: MessageHeaders[] = [];
    const listener = defineEventHandler({
      routingKey: 'paid.*',
      distributed: true,
      handle: (_, headers) => void heard.push(headers),
    });
    await runGateway({ service: 'audit', broker: { url: vhost.url }, handlers: [listener] });
    let gateway: RunningGateway | undefined;
    const answers: number[] = [];
    const app = await startApplication(async (request, response, socket) => {
      const headers = { 'message-parent-id': String(request.headers['message-id']) };
      answers.push((await post(gateway as RunningGateway, '/events/paid.card', { ok: true }, headers)).status);
      answering(204)(request, response, socket);
    });
    const pushing = await runPushing(app.url);
    gateway = pushing;
    const custom = { 'message-headers': '{"tenant":"acme","count":3}', 'message-correlation-id': 'order-7' };
    const { body } = await post(pushing, `/commands/${pushing.service}/pay`, { id: 1 }, custom);
    await eventually(() => expect(heard).toHaveLength(1));
    // The event can arrive before the answer to the application.
    await eventually(() => expect(answers).toEqual([202]));
    expect(heard[0]).toMatchObject({ correlationId: 'order-7', parentId: body.messageId, tenant: 'acme', count: 3 });

    const unknown = { 'message-parent-id': '01890000-0000-7000-8000-000000000000' };
    const refused = await post(pushing, '/events/paid.card', {}, unknown);
    expect(refused).toMatchObject({ status: 409, body: { code: 'unknown-parent', outcome: 'not-accepted' } });
    // Shortly after its end a message can still be a parent.
    const late = await post(pushing, '/events/paid.late', {}, { 'message-parent-id': body.messageId });
    expect(late.status).toBe(202);
    await eventually(() => expect(heard).toHaveLength(2));
    expect(heard[1]).toMatchObject({ correlationId: 'order-7', parentId: body.messageId });
  });
});
