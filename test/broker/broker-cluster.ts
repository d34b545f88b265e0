import { randomBytes } from 'node:crypto';
import type { Broker, BrokerOptions } from './broker.ts';
import { eventually } from './eventually.ts';
import { findFreePorts } from './free-ports.ts';
import { createManagement } from './management.ts';
import { RabbitmqNode } from './rabbitmq-node.ts';
import { createRabbitmqNodeSettings } from './rabbitmq-node-settings.ts';
import { provideRabbitmq } from './start-broker.ts';

/** One node of a cluster. The members of `Broker` refer to this node alone. */
export interface ClusterNode extends Broker {
  /** RabbitMQ's name for the node, for example as the leader of a queue. */
  readonly nodeName: string;
}

/** A private cluster of three RabbitMQ nodes on one machine. */
export interface BrokerCluster {
  readonly nodes: readonly ClusterNode[];
  /** The node that leads a quorum queue, as the node `asked` knows it. Undefined while none does. */
  leaderOf(vhost: string, queue: string, asked: ClusterNode): Promise<ClusterNode | undefined>;
  /** Resolves once each node sees all others, also by the heartbeats of its quorum queues. */
  whole(): Promise<void>;
  /** Starts the nodes that are down, resumes those that are frozen, and waits until the cluster is whole. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

const letters = ['a', 'b', 'c'];

/**
 * Counts how many other nodes the quorum queues of a node take for alive. They look every five seconds and act only when
 * a node that was alive is not anymore. So a leader that is frozen before the first look is never replaced.
 */
const countAlive = 'length([N || {N, P} <- maps:to_list(element(5, sys:get_state(aten_detector))), P < 0.5])';

/**
 * Starts three nodes that form a cluster, of version 4 unless RABBITMQ_SERIES says 3, from an installed or unpacked
 * RabbitMQ. Quorum queues elect another leader within seconds when a node is frozen. One that is frozen for longer than
 * Erlang's `net_ticktime` (60 s) comes back cut off from the others, and has to be started again: measured on 4.0.5 with
 * Mnesia, also with `pause_minority`.
 *
 * @throws when there is no RabbitMQ that can run outside a container, or when the nodes do not come up
 */
export async function startBrokerCluster(options: BrokerOptions = {}): Promise<BrokerCluster> {
  const installation = await provideRabbitmq();
  const name = `littoral-${randomBytes(4).toString('hex')}`;
  const nodeNames = letters.map((letter) => `${name}-${letter}@localhost`);
  const [epmdPort = 0] = await findFreePorts(1);
  const cookie = randomBytes(16).toString('hex');
  const nodes: RabbitmqNode[] = [];
  for (const nodeName of nodeNames) {
    const membership = { nodeName, nodeNames, epmdPort, cookie };
    nodes.push(new RabbitmqNode(installation, await createRabbitmqNodeSettings(installation, options, membership)));
  }
  const cluster = clusterOf(nodes, installation.series);
  try {
    await Promise.all(nodes.map((node) => node.start()));
    await cluster.whole();
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

function clusterOf(nodes: readonly RabbitmqNode[], series: number): BrokerCluster {
  const hasSeenAll = async (node: RabbitmqNode) => {
    const alive = Number(await node.evaluate(countAlive));
    if (alive !== nodes.length - 1) throw new Error(`${node.nodeName} takes ${alive} other nodes for alive`);
  };
  const cluster: BrokerCluster = {
    nodes,
    async leaderOf(vhost, queue, asked) {
      const path = `/api/queues/${encodeURIComponent(vhost)}/${encodeURIComponent(queue)}`;
      const { leader, node } = await createManagement(asked).get<{ leader?: string; node?: string }>(path);
      return nodes.find(({ nodeName }) => nodeName === (leader ?? node));
    },
    async whole() {
      await eventually(
        async () => {
          for (const node of nodes) {
            const seen = await createManagement(node).get<{ name: string; running: boolean }[]>('/api/nodes');
            const running = seen.filter((each) => each.running).length;
            if (running !== nodes.length) throw new Error(`${node.nodeName} sees ${running} of ${nodes.length} nodes`);
          }
          if (series >= 4) await Promise.all(nodes.map(hasSeenAll));
        },
        { timeoutMs: 120_000, intervalMs: 200 },
      );
    },
    async restore() {
      const onEach = (step: (node: RabbitmqNode) => Promise<void>) => Promise.all(nodes.map(step));
      try {
        await onEach((node) => node.restore());
        await cluster.whole();
      } catch {
        // A node that was frozen for too long does not rejoin by itself.
        await onEach((node) => node.kill().catch(() => {})); // It is down.
        await onEach((node) => node.start());
        await cluster.whole();
      }
    },
    async close() {
      await Promise.all(nodes.map((node) => node.close()));
    },
  };
  return cluster;
}
