import { setTimeout as delay } from 'node:timers/promises';
import type { TcpProxy } from './tcp-proxy.ts';
import type { PlannedTrouble, TroubleKind } from './trouble-plan.ts';
import type { World } from './world.ts';

/** Brings a trouble, holds it, and takes it away again. What then recovers may take longer. */
export async function makeTrouble(world: World, { kind, target, holdMs }: PlannedTrouble): Promise<void> {
  await make[kind](world, target, () => delay(holdMs));
}

const make: Record<TroubleKind, (world: World, target: string, hold: () => Promise<void>) => Promise<void>> = {
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
  async 'connections closed by the broker'({ vhost }) {
    await vhost.closeConnections();
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

async function onNetworks(
  { networks }: World,
  target: string,
  harm: (network: TcpProxy) => void,
  hold: () => Promise<void>,
): Promise<void> {
  const harmed = [...networks].filter(([name]) => target === 'all' || target === name).map(([, network]) => network);
  for (const network of harmed) harm(network);
  await hold();
  for (const network of harmed) network.mend();
}

function gatewayNamed({ gateways }: World, name: string) {
  const gateway = gateways.find((each) => each.name === name);
  if (!gateway) throw new Error(`There is no gateway '${name}'.`);
  return gateway;
}
