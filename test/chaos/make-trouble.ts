import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterNode } from '../broker/broker-cluster.ts';
import { createManagement, credentialsOf } from '../broker/management.ts';
import { type Binding, deleteBindings, deleteExchange } from './binding-gaps.ts';
import { fillDeadLetterQueues } from './full-dead-letter-queues.ts';
import type { BindingGap } from './ledger.ts';
import type { TcpProxy } from './tcp-proxy.ts';
import type { PlannedTrouble, TroubleKind } from './trouble-plan.ts';
import type { World } from './world.ts';

/**
 * Injects a fault, holds it, and removes it. The recovery may take longer.
 *
 * @returns when bindings were missing
 */
export async function makeTrouble(
  world: World,
  { kind, target, holdMs }: PlannedTrouble,
): Promise<readonly BindingGap[]> {
  const gaps: BindingGap[] = [];
  await make[kind](world, target, () => delay(holdMs), gaps);
  return gaps;
}

type Make = (world: World, target: string, hold: () => Promise<void>, gaps: BindingGap[]) => Promise<void>;

const make: Record<TroubleKind, Make> = {
  async 'broker killed'({ broker }, _, hold) {
    await broker.kill();
    await hold();
    await broker.start();
  },
  async 'broker frozen'({ broker }, _, hold) {
    await broker.pause();
    await hold();
    await broker.resume();
  },
  async 'memory alarm'({ broker }, _, hold) {
    await broker.rabbitmqctl('set_vm_memory_high_watermark', '0');
    await hold();
    await broker.rabbitmqctl('set_vm_memory_high_watermark', '0.5');
  },
  async 'leader killed'(world, _, hold) {
    const { leaderOf, nodes } = clusterOf(world);
    const leader = await leaderOf(world.vhost.name, 'distributed_billing', nodes[0] as ClusterNode);
    await downFor(leader ?? (nodes[0] as ClusterNode), 'kill', hold);
  },
  async 'node killed'(world, target, hold) {
    await downFor(nodeOf(world, target), 'kill', hold);
  },
  async 'node stopped'(world, target, hold) {
    await downFor(nodeOf(world, target), 'stop', hold);
  },
  async 'node frozen'(world, target, hold) {
    const node = nodeOf(world, target);
    await node.pause();
    await hold();
    await node.resume();
  },
  async 'each node stopped in turn'(world, _, hold) {
    const { nodes, whole } = clusterOf(world);
    for (const node of nodes) {
      await downFor(node, 'stop', hold);
      await whole();
    }
  },
  async 'all nodes killed'(world, _, hold) {
    const { nodes } = clusterOf(world);
    await Promise.all(nodes.map((node) => node.kill()));
    await hold();
    await Promise.all(nodes.map((node) => node.start()));
  },
  async 'connections closed by the broker'({ vhost }) {
    await vhost.closeConnections();
  },
  async 'permissions withdrawn'({ broker, vhost }, _, hold) {
    const path = `/api/permissions/${vhost.name}/${encodeURIComponent(credentialsOf(vhost.url).username)}`;
    const mayWrite = (write: string) => createManagement(broker).put(path, { configure: '.*', write, read: '.*' });
    await mayWrite('^(?!ecotone)');
    // RabbitMQ caches a channel's permissions for up to a minute.
    await vhost.closeConnections();
    await hold();
    await mayWrite('.*');
  },
  async 'exchange deleted'(world, _target, _hold, gaps) {
    gaps.push(...(await deleteExchange(world)));
  },
  async 'binding of an event deleted'(world, target, _, gaps) {
    const [service, key] = target.split(' ');
    const isMeant = (binding: Binding) => binding.service === service && binding.key === key;
    gaps.push(...(await deleteBindings(world, isMeant)));
  },
  async 'bindings of a service deleted'(world, target, _, gaps) {
    gaps.push(...(await deleteBindings(world, ({ service }) => service === target)));
  },
  async 'dead letter queues full'(world, _, hold) {
    await fillDeadLetterQueues(world, hold);
  },
  async 'connections cut'(world, target, hold) {
    await onNetworks(world, target, (network) => network.cut(), hold);
  },
  async 'connections stalled'(world, target, hold) {
    await onNetworks(world, target, (network) => network.stall(), hold);
  },
  async 'answers of the broker lost'(world, target, hold) {
    await onNetworks(world, target, (network) => network.loseAnswers(), hold);
  },
  async 'gateway killed'(world, target, hold) {
    const gateway = gatewayNamed(world, target);
    await gateway.kill();
    await hold();
    world.start(gateway);
  },
  async 'gateway told to stop'(world, target, hold) {
    const gateway = gatewayNamed(world, target);
    await gateway.stop();
    await hold();
    world.start(gateway);
  },
};

async function downFor(node: ClusterNode, how: 'kill' | 'stop', hold: () => Promise<void>): Promise<void> {
  await node[how]();
  await hold();
  await node.start();
}

function clusterOf({ cluster }: World): NonNullable<World['cluster']> {
  if (!cluster) throw new Error('This world has no cluster.');
  return cluster;
}

function nodeOf(world: World, target: string): ClusterNode {
  return clusterOf(world).nodes[Number(target)] as ClusterNode;
}

async function onNetworks(
  { networks }: World,
  target: string,
  harm: (network: TcpProxy) => void,
  hold: () => Promise<void>,
): Promise<void> {
  const harmed = [...networks].filter(([name]) => target === 'all' || target === name).flatMap(([, ways]) => ways);
  for (const network of harmed) harm(network);
  await hold();
  for (const network of harmed) network.mend();
}

function gatewayNamed({ gateways }: World, name: string) {
  const gateway = gateways.find((each) => each.name === name);
  if (!gateway) throw new Error(`There is no gateway '${name}'.`);
  return gateway;
}
