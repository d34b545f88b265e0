import { connect } from 'amqplib';
import { defineCommandHandler, Reject } from 'littoral';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { brokerSeries } from '../../src/engine/amqp/broker-replies.ts';
import { type BrokerCluster, type ClusterNode, startBrokerCluster } from '../broker/broker-cluster.ts';
import { eventually } from '../broker/eventually.ts';
import { createVhost, type Vhost } from '../broker/vhost.ts';
import { post, type RunningGateway, readiness, runGateway, untilReady } from './gateway-fixture.ts';

let cluster: BrokerCluster;
let vhost: Vhost;
beforeAll(async () => {
  cluster = await startBrokerCluster();
  vhost = await createVhost(cluster.nodes[0] as ClusterNode);
}, 600_000);
beforeEach(() => cluster.restore(), 600_000);
afterAll(() => cluster?.close());

const patient = { timeoutMs: 120_000, intervalMs: 500 };

function deadLettersOf(service: string): string {
  return `distributed_${service}_dead_letter`;
}

/** Sets what the nodes do when they are cut off from the others, until they are started again. */
async function handlePartitions(how: 'ignore' | 'pause_minority'): Promise<void> {
  const set = (node: ClusterNode) => node.evaluate(`application:set_env(rabbit, cluster_partition_handling, ${how})`);
  await Promise.all(cluster.nodes.map(set));
}

/** Declares the dead letter queue of a service, as a classic one, on a node. */
async function declareOn(node: ClusterNode, service: string): Promise<void> {
  const url = new URL(node.url);
  url.pathname = `/${vhost.name}`;
  const connection = await connect(url.href);
  const channel = await connection.createChannel();
  const locator = brokerSeries(connection) >= 4 ? 'x-queue-leader-locator' : 'x-queue-master-locator';
  const args = { 'x-queue-type': 'classic', [locator]: 'client-local' };
  await channel.assertQueue(deadLettersOf(service), { durable: true, arguments: args });
  await connection.close();
}

async function run(service: string) {
  const paid: number[] = [];
  const log: Record<string, unknown>[] = [];
  const pay = (payload: unknown) => {
    const { amount } = payload as { amount: number };
    if (amount < 0) throw new Reject('the amount is negative');
    paid.push(amount);
  };
  const handlers = [defineCommandHandler({ routingKey: 'pay', distributed: true, handle: pay })];
  const logger = pino({ level: 'warn' }, { write: (line: string) => log.push(JSON.parse(line)) });
  const broker = { url: vhost.url, confirmTimeoutMs: 10_000 };
  const gateway = await runGateway({ service, broker, handlers, concurrency: 4 }, { logger });
  const send = async (amount: number, delayMs?: number) => {
    const headers: Record<string, string> = delayMs ? { 'message-delay': `${delayMs}` } : {};
    const answer = await post(gateway, `/commands/${service}/pay`, { amount }, headers);
    expect(answer.status, JSON.stringify(answer.body)).toBe(202);
  };
  return { gateway, paid, log, send };
}

async function get({ address }: RunningGateway, path: string) {
  const response = await fetch(address + path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function listed(gateway: RunningGateway): Promise<string[]> {
  const { body } = await get(gateway, '/dead-letters');
  return (body.items as { payload: { text: string } }[]).map(({ payload }) => payload.text);
}

/** A gateway with the URLs of all nodes, and the port of the node that each of its connections uses. */
async function runOnAll(service: string) {
  const paid: number[] = [];
  const ports: Record<string, string> = {};
  const pay = (payload: unknown) => void paid.push((payload as { amount: number }).amount);
  const handlers = [defineCommandHandler({ routingKey: 'pay', distributed: true, handle: pay })];
  const onLine = (line: string) => {
    const { msg, role, broker } = JSON.parse(line);
    if (msg === 'connected to the broker') ports[role] = new URL(broker).port;
  };
  const logger = pino({ level: 'info' }, { write: onLine });
  const urls = cluster.nodes.map(({ url }) => Object.assign(new URL(url), { pathname: `/${vhost.name}` }).href);
  const broker = { urls, confirmTimeoutMs: 5_000, connectTimeoutMs: 5_000 };
  const gateway = await runGateway({ service, broker, handlers }, { logger });
  await untilReady(gateway);
  const accepted: number[] = [];
  const refused: number[] = [];
  let amount = 0;
  /** Sends the next amount. */
  const send = async () => {
    amount += 1;
    const { status, body } = await post(gateway, `/commands/${service}/pay`, { amount });
    if (status === 202) accepted.push(amount);
    if (body.outcome === 'not-accepted') refused.push(amount);
    return status;
  };
  const isReady = async () => (await readiness(gateway)).status === 200;
  const expectNothingLost = async () => {
    await eventually(() => expect(paid).toEqual(expect.arrayContaining(accepted)), patient);
    expect(paid.filter((each) => refused.includes(each))).toEqual([]);
  };
  return { gateway, ports, accepted, send, isReady, expectNothingLost };
}

describe('a gateway with the URLs of three nodes', () => {
  test('continues on another node when the node that it is connected to is killed', async () => {
    const { gateway, ports, send, expectNothingLost } = await runOnAll('failover');
    const before = { ...ports };
    const node = cluster.nodes.find(({ url }) => new URL(url).port === before.publishing) as ClusterNode;
    await node.kill();
    await eventually(async () => {
      expect(await send()).toBe(202);
      expect(ports.publishing).not.toBe(before.publishing);
    }, patient);
    await untilReady(gateway);
    await expectNothingLost();
    await node.start();
    await cluster.whole();
  }, 600_000);

  test('is unready and refuses messages while two of them are down, and loses none', async () => {
    // RabbitMQ's default: the node that is left accepts connections, and no queue has a leader.
    await handlePartitions('ignore');
    onTestFinished(() => handlePartitions('pause_minority').catch(() => {})); // A node is down.
    const { accepted, send, isReady, expectNothingLost } = await runOnAll('few');
    expect(await send()).toBe(202);
    const [, ...others] = cluster.nodes as [ClusterNode, ...ClusterNode[]];
    await Promise.all(others.map((node) => node.kill()));
    await eventually(async () => {
      expect([503, 504]).toContain(await send());
      expect(await isReady()).toBe(false);
    }, patient);
    const before = accepted.length;
    for (let count = 0; count < 3; count += 1) {
      expect([503, 504]).toContain(await send());
      expect(await isReady()).toBe(false);
    }
    expect(accepted).toHaveLength(before);
    await Promise.all(others.map((node) => node.start()));
    await cluster.whole();
    await eventually(async () => {
      expect(await send()).toBe(202);
      expect(await isReady()).toBe(true);
    }, patient);
    await expectNothingLost();
  }, 600_000);
});

test('a classic dead letter queue whose node is down blocks nothing, and a quorum queue keeps all dead letters', async () => {
  const [, , third] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode];
  await declareOn(third, 'billing');
  const billing = await run('billing');
  const shop = await run('shop');
  await untilReady(billing.gateway);
  await untilReady(shop.gateway);
  // Declares what a delay needs before the node is gone. A queue that is declared while a node is still starting can
  // have no leader yet, and is then refused with 503.
  await eventually(() => billing.send(100, 100), patient);
  await eventually(() => expect(billing.paid).toEqual([100]), patient);
  for (const amount of [-1, -2, -3]) await shop.send(amount);
  const beforehand = ['{"amount":-1}', '{"amount":-2}', '{"amount":-3}'];
  await eventually(async () => expect((await listed(shop.gateway)).sort()).toEqual(beforehand), patient);
  const order = await listed(shop.gateway);
  await third.kill();

  for (let amount = 1; amount <= 10; amount += 1) await billing.send(-amount);
  for (let amount = 1; amount <= 10; amount += 1) await billing.send(amount);
  await billing.send(101, 100);
  await eventually(() => expect(billing.paid).toHaveLength(12), patient);
  const { status, body } = await get(billing.gateway, '/readyz');
  expect(status).toBe(200);
  expect(String(body.warnings)).toContain(`'${deadLettersOf('billing')}' takes no dead letters`);
  expect(billing.log.map(({ msg }) => msg)).toContainEqual(expect.stringMatching(/^dead letter queue takes no/));
  expect(await get(billing.gateway, '/dead-letters')).toMatchObject({
    status: 503,
    body: { code: 'broker-unavailable', retryable: true },
  });

  // A gateway that starts now attaches without that queue.
  await billing.gateway.stop();
  const again = await run('billing');
  await untilReady(again.gateway);
  await again.send(200);
  await again.send(201, 100);
  await eventually(() => expect(again.paid).toEqual(expect.arrayContaining([200, 201])), patient);

  await eventually(async () => expect(await listed(shop.gateway)).toEqual(order), patient);
  await shop.send(-4);
  await eventually(async () => expect(await listed(shop.gateway)).toEqual([...order, '{"amount":-4}']), patient);
}, 600_000);
