import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterNode } from '../broker/broker-cluster.ts';
import { createManagement, credentialsOf } from '../broker/management.ts';
import { setMemoryWatermark } from '../broker/memory-alarm.ts';
import { untilDurable } from '../broker/until-durable.ts';
import { type Binding, deleteBindings, deleteExchange } from './binding-gaps.ts';
import type { Environment } from './environment.ts';
import type { FaultKind, PlannedFault } from './fault-plan.ts';
import { fillDeadLetterQueues } from './full-dead-letter-queues.ts';
import type { BindingGap } from './ledger.ts';
import type { TcpProxy } from './tcp-proxy.ts';

/**
 * Injects a fault, holds it, and removes it. The recovery may take longer.
 *
 * @returns when bindings were missing
 */
export async function injectFault(
  environment: Environment,
  { kind, target, holdMs }: PlannedFault,
): Promise<readonly BindingGap[]> {
  const gaps: BindingGap[] = [];
  await make[kind](environment, target, () => delay(holdMs), gaps);
  return gaps;
}

type Make = (environment: Environment, target: string, hold: () => Promise<void>, gaps: BindingGap[]) => Promise<void>;

const make: Record<FaultKind, Make> = {
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
    await setMemoryWatermark(broker, '0.0');
    await hold();
    await setMemoryWatermark(broker, '0.5');
  },
  async 'leader killed'(environment, _, hold) {
    const { leaderOf, nodes } = clusterOf(environment);
    const leader = await leaderOf(environment.vhost.name, 'distributed_billing', nodes[0] as ClusterNode);
    await downFor(leader ?? (nodes[0] as ClusterNode), 'kill', hold);
  },
  async 'node killed'(environment, target, hold) {
    await downFor(nodeOf(environment, target), 'kill', hold);
  },
  async 'node stopped'(environment, target, hold) {
    await downFor(nodeOf(environment, target), 'stop', hold);
  },
  async 'node frozen'(environment, target, hold) {
    const node = nodeOf(environment, target);
    await node.pause();
    await hold();
    await node.resume();
  },
  async 'each node stopped in turn'(environment, _, hold) {
    const { nodes, whole } = clusterOf(environment);
    for (const node of nodes) {
      await downFor(node, 'stop', hold);
      await whole();
    }
  },
  async 'all nodes killed'(environment, _, hold) {
    const { nodes } = clusterOf(environment);
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
    // Without this wait, a broker that is killed soon afterwards could lose this change.
    await untilDurable();
  },
  async 'exchange deleted'(environment, _target, _hold, gaps) {
    gaps.push(...(await deleteExchange(environment)));
  },
  async 'binding of an event deleted'(environment, target, _, gaps) {
    const [service, key] = target.split(' ');
    const isMeant = (binding: Binding) => binding.service === service && binding.key === key;
    gaps.push(...(await deleteBindings(environment, isMeant)));
  },
  async 'bindings of a service deleted'(environment, target, _, gaps) {
    gaps.push(...(await deleteBindings(environment, ({ service }) => service === target)));
  },
  async 'dead letter queues full'(environment, _, hold) {
    await fillDeadLetterQueues(environment, hold);
  },
  async 'connections cut'(environment, target, hold) {
    await onNetworks(environment, target, (network) => network.cut(), hold);
  },
  async 'connections stalled'(environment, target, hold) {
    await onNetworks(environment, target, (network) => network.stall(), hold);
  },
  async 'answers of the broker lost'(environment, target, hold) {
    await onNetworks(environment, target, (network) => network.loseAnswers(), hold);
  },
  async 'gateway killed'(environment, target, hold) {
    const gateway = gatewayNamed(environment, target);
    await gateway.kill();
    await hold();
    environment.start(gateway);
  },
  async 'gateway told to stop'(environment, target, hold) {
    const gateway = gatewayNamed(environment, target);
    await gateway.stop();
    await hold();
    environment.start(gateway);
  },
  async 'application away'({ application }, _, hold) {
    await application.stop();
    await hold();
    await application.start();
  },
};

async function downFor(node: ClusterNode, how: 'kill' | 'stop', hold: () => Promise<void>): Promise<void> {
  await node[how]();
  await hold();
  await node.start();
}

function clusterOf({ cluster }: Environment): NonNullable<Environment['cluster']> {
  if (!cluster) throw new Error('This environment has no cluster.');
  return cluster;
}

function nodeOf(environment: Environment, target: string): ClusterNode {
  return clusterOf(environment).nodes[Number(target)] as ClusterNode;
}

async function onNetworks(
  { networks }: Environment,
  target: string,
  harm: (network: TcpProxy) => void,
  hold: () => Promise<void>,
): Promise<void> {
  const harmed = [...networks].filter(([name]) => target === 'all' || target === name).flatMap(([, ways]) => ways);
  for (const network of harmed) harm(network);
  await hold();
  for (const network of harmed) network.mend();
}

function gatewayNamed({ gateways }: Environment, name: string) {
  const gateway = gateways.find((each) => each.name === name);
  if (!gateway) throw new Error(`There is no gateway '${name}'.`);
  return gateway;
}
