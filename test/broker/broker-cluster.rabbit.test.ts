import { type ChannelModel, connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { brokerSeries } from '../../src/engine/amqp/broker-replies.ts';
import { type BrokerCluster, type ClusterNode, startBrokerCluster } from './broker-cluster.ts';
import { eventually } from './eventually.ts';
import { findProcessesByHome } from './processes-by-home.ts';

const arguments_ = { 'x-queue-type': 'quorum', 'x-quorum-initial-group-size': 3 };

describe('a cluster of three nodes', () => {
  let cluster: BrokerCluster;

  beforeAll(async () => {
    cluster = await startBrokerCluster();
  }, 600_000);
  afterAll(async () => {
    await cluster?.close();
  });

  async function using<T>(node: ClusterNode, work: (model: ChannelModel) => Promise<T>): Promise<T> {
    const model = await connect(node.url, { timeout: 5000 });
    model.on('error', () => {});
    try {
      // A frozen leader never answers.
      const late = AbortSignal.timeout(5000);
      return await new Promise<T>((resolve, reject) => {
        late.addEventListener('abort', () => reject(late.reason));
        work(model).then(resolve, reject);
      });
    } finally {
      model.close().catch(() => {});
    }
  }

  const publish = (node: ClusterNode, queue: string, text: string) =>
    using(node, async (model) => {
      const channel = await model.createConfirmChannel();
      channel.on('error', () => {});
      await channel.assertQueue(queue, { durable: true, arguments: arguments_ });
      channel.sendToQueue(queue, Buffer.from(text), { persistent: true });
      await channel.waitForConfirms();
    });

  const take = (node: ClusterNode, queue: string) =>
    using(node, async (model) => {
      const channel = await model.createChannel();
      channel.on('error', () => {});
      const message = await channel.get(queue, { noAck: true });
      return message ? message.content.toString() : undefined;
    });

  async function leaderAndOthers(queue: string): Promise<[ClusterNode, ...ClusterNode[]]> {
    const leader = await eventually(async () => {
      const found = await cluster.leaderOf('/', queue, cluster.nodes[0] as ClusterNode);
      if (!found) throw new Error('no leader yet');
      return found;
    });
    return [leader, ...cluster.nodes.filter((node) => node !== leader)];
  }

  test('keeps a confirmed message when the node that leads its queue is killed', async () => {
    await publish(cluster.nodes[0] as ClusterNode, 'killed', 'still here');
    const [leader, other] = (await leaderAndOthers('killed')) as [ClusterNode, ClusterNode];
    await leader.kill();
    await eventually(async () => expect(await take(other, 'killed')).toBe('still here'));
    await leader.start();
    await cluster.whole();
  });

  test('continues when the node that leads a queue is frozen: on RabbitMQ 4 at once, on 3.x when it resumes', async () => {
    await publish(cluster.nodes[0] as ClusterNode, 'frozen', 'still here');
    const [leader, other] = (await leaderAndOthers('frozen')) as [ClusterNode, ClusterNode];
    const series = await using(other, async (model) => brokerSeries(model));
    await leader.pause();
    // 3.x answers nothing before the node counts as gone, after a minute, and the node is cut off then.
    if (series >= 4) await eventually(async () => expect(await take(other, 'frozen')).toBe('still here'));
    await leader.resume();
    await cluster.whole();
    if (series < 4) await eventually(async () => expect(await take(other, 'frozen')).toBe('still here'));
  });

  test('accepts a stopped node again', async () => {
    const [, second] = cluster.nodes as [ClusterNode, ClusterNode];
    await second.stop();
    await publish(cluster.nodes[0] as ClusterNode, 'stopped', 'still here');
    await second.start();
    await cluster.whole();
    await eventually(async () => expect(await take(second, 'stopped')).toBe('still here'));
  });

  test('leaves no process behind when it is closed', async () => {
    const homes = await Promise.all(
      cluster.nodes.map(async (node) => {
        const home = await node.rabbitmqctl('eval', 'list_to_binary(os:getenv("HOME")).');
        return home.trim().replace(/^<<"(.*)">>$/s, '$1');
      }),
    );
    for (const home of homes) expect(findProcessesByHome(home)).not.toEqual([]);
    await cluster.close();
    for (const home of homes) expect(findProcessesByHome(home)).toEqual([]);
  });
});
