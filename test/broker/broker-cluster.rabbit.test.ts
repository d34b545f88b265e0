import { type ChannelModel, connect } from 'amqplib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { brokerSeries } from '../../src/engine/amqp/broker-replies.ts';
import { type BrokerCluster, type ClusterNode, startBrokerCluster } from './broker-cluster.ts';
import { eventually } from './eventually.ts';
import { findProcessesByHome } from './processes-by-home.ts';

const arguments_ = { 'x-queue-type': 'quorum', 'x-quorum-initial-group-size': 3 };

// A frozen node must be back before the others take it for down: it would be cut off then. So this is longer than ...
const netTickSeconds = 900;
/** ... a slow machine needs to elect another leader. */
const patient = { timeoutMs: 240_000 };
/** Time limit for one attempt: what was asked of a frozen leader is not answered after the election either. */
const attemptMs = 10_000;

describe('a cluster of three nodes', { timeout: 600_000 }, () => {
  let cluster: BrokerCluster;

  beforeAll(async () => {
    cluster = await startBrokerCluster({ netTickSeconds });
  }, 600_000);
  beforeEach(() => cluster.restore(), 600_000);
  afterAll(async () => {
    await cluster?.close();
  });

  async function using<T>(node: ClusterNode, work: (model: ChannelModel) => Promise<T>): Promise<T> {
    const model = await connect(node.url, { timeout: attemptMs });
    model.on('error', () => {});
    try {
      const late = AbortSignal.timeout(attemptMs);
      return await new Promise<T>((resolve, reject) => {
        late.addEventListener('abort', () => reject(late.reason));
        work(model).then(resolve, reject);
      });
    } finally {
      model.close().catch(() => {});
    }
  }

  /** Publishes a message until it is confirmed, so it can be there more than once. */
  const publish = (node: ClusterNode, queue: string, text: string) =>
    eventually(
      () =>
        using(node, async (model) => {
          const channel = await model.createConfirmChannel();
          channel.on('error', () => {});
          await channel.assertQueue(queue, { durable: true, arguments: arguments_ });
          channel.sendToQueue(queue, Buffer.from(text), { persistent: true });
          await channel.waitForConfirms();
        }),
      patient,
    );

  const take = (node: ClusterNode, queue: string) =>
    using(node, async (model) => {
      const channel = await model.createChannel();
      channel.on('error', () => {});
      const message = await channel.get(queue);
      // Not before it is here: an attempt that is given up can still get it.
      if (message) channel.ack(message);
      return message ? message.content.toString() : undefined;
    });

  const expectOn = (node: ClusterNode, queue: string) =>
    eventually(async () => expect(await take(node, queue)).toBe('still here'), patient);

  async function leaderAndOthers(queue: string): Promise<[ClusterNode, ...ClusterNode[]]> {
    const leader = await eventually(async () => {
      const found = await cluster.leaderOf('/', queue, cluster.nodes[0] as ClusterNode);
      if (!found) throw new Error('no leader yet');
      return found;
    }, patient);
    return [leader, ...cluster.nodes.filter((node) => node !== leader)];
  }

  test('keeps a confirmed message when the node that leads its queue is killed', async () => {
    await publish(cluster.nodes[0] as ClusterNode, 'killed', 'still here');
    const [leader, other] = (await leaderAndOthers('killed')) as [ClusterNode, ClusterNode];
    await leader.kill();
    await expectOn(other, 'killed');
    await leader.start();
    await cluster.whole();
  });

  test('continues when the node that leads a queue is frozen: on RabbitMQ 4 at once, on 3.x when it resumes', async () => {
    await publish(cluster.nodes[0] as ClusterNode, 'frozen', 'still here');
    const [leader, other] = (await leaderAndOthers('frozen')) as [ClusterNode, ClusterNode];
    const series = await using(other, async (model) => brokerSeries(model));
    await leader.pause();
    try {
      // 3.x answers nothing before the node counts as gone, and the node is cut off then.
      if (series >= 4) await expectOn(other, 'frozen');
    } finally {
      await leader.resume();
    }
    await cluster.whole();
    if (series < 4) await expectOn(other, 'frozen');
  });

  test('accepts a stopped node again', async () => {
    const [, second] = cluster.nodes as [ClusterNode, ClusterNode];
    await second.stop();
    await publish(cluster.nodes[0] as ClusterNode, 'stopped', 'still here');
    await second.start();
    await cluster.whole();
    await expectOn(second, 'stopped');
  });

  test('is restored after a test that failed: nodes that are down are started, and those that are frozen resumed', async () => {
    const [first, second] = cluster.nodes as [ClusterNode, ClusterNode];
    await first.kill();
    await second.pause();
    await cluster.restore();
    await publish(first, 'restored', 'still here');
    await expectOn(second, 'restored');
  });

  test('leaves no process behind when it is closed', async () => {
    const homes = await Promise.all(
      cluster.nodes.map(async (node) => {
        const home = await node.evaluate('os:getenv("HOME")');
        return JSON.parse(home) as string;
      }),
    );
    for (const home of homes) expect(findProcessesByHome(home)).not.toEqual([]);
    await cluster.close();
    for (const home of homes) expect(findProcessesByHome(home)).toEqual([]);
  });
});
