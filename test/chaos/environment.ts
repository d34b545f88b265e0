import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Broker, BrokerOptions } from '../broker/broker.ts';
import { type BrokerCluster, startBrokerCluster } from '../broker/broker-cluster.ts';
import { eventually } from '../broker/eventually.ts';
import { findFreePorts } from '../broker/free-ports.ts';
import { killOnExit } from '../broker/kill-on-exit.ts';
import { startBroker } from '../broker/start-broker.ts';
import { createVhost, type Vhost } from '../broker/vhost.ts';
import { GatewayProcess, type GatewayProcessOptions, watchProcesses } from './gateway-process.ts';
import { type PostedApplication, startPostedApplication } from './posted-application.ts';
import { startPuller } from './puller.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** A broker and four gateways, each behind a network of its own, and the applications of two of them. */
export interface Environment {
  /** The only broker, or the first node of the cluster. */
  readonly broker: Broker;
  /** Undefined where there is one broker. */
  readonly cluster: BrokerCluster | undefined;
  readonly vhost: Vhost;
  readonly gateways: readonly GatewayProcess[];
  /** The one that nobody ends, so that it shows whether memory grows. */
  readonly survivor: GatewayProcess;
  /** The proxies to the broker, by the names of the gateways. */
  readonly networks: ReadonlyMap<string, readonly TcpProxy[]>;
  /** The application behind HTTP, which the shop's gateway posts to. That of the ledger pulls. */
  readonly application: PostedApplication;
  /** Where the handlers of all gateways note their calls. */
  readonly callLog: string;
  start(gateway: GatewayProcess): void;
  /** Waits until the cluster is whole and every gateway is ready. */
  untilReady(): Promise<void>;
  close(): Promise<void>;
}

const identities: readonly Pick<GatewayProcessOptions, 'name' | 'service' | 'version'>[] = [
  { name: 'shop', service: 'shop' },
  { name: 'ledger', service: 'ledger' },
  { name: 'billing', service: 'billing' },
  { name: 'survivor', service: 'billing', version: 'next' },
];

/**
 * A broker that tries again soon what it moves from queue to queue, and tells the truth about them. What it moves just
 * after a crash, before the next queue is there, it otherwise tries again after three minutes.
 */
const fastTimers: BrokerOptions = { deadLetterRetryMs: 3000, quorumTickMs: 500 };

/**
 * Has the broker end the wait of dead letters that were set aside after 2 s, not 66 to 262 s: by the levels of the
 * delays that nothing else here waits on. Of the two times to live of a queue, the shorter one holds.
 */
async function shortenSetAside(vhost: Vhost): Promise<void> {
  await vhost.setPolicy('set-aside', {
    pattern: '^littoral_.+_delay_1[678]$',
    definition: { 'message-ttl': 2000 },
  });
}

export interface EnvironmentOptions {
  /** True if the broker is a cluster of three nodes, with the URLs of all for each gateway. Default: false. */
  readonly cluster?: boolean;
}

/** Starts everything, and waits until it is ready. */
export async function startEnvironment({ cluster: isCluster = false }: EnvironmentOptions = {}): Promise<Environment> {
  const folder = mkdtempSync(join(tmpdir(), 'littoral-chaos-'));
  const callLog = join(folder, 'calls.jsonl');
  writeFileSync(callLog, '');
  const watch = killOnExit(folder);
  const cluster = isCluster ? await startBrokerCluster(fastTimers) : undefined;
  const nodes: readonly Broker[] = cluster?.nodes ?? [await startBroker(fastTimers)];
  const broker = nodes[0] as Broker;
  const vhost = await createVhost(broker);
  await shortenSetAside(vhost);
  const [applicationPort = 0, ...ports] = await findFreePorts(identities.length + 1);
  const application = await startPostedApplication(applicationPort, callLog, 'shop:audit');
  const networks = new Map<string, readonly TcpProxy[]>();
  const gateways: GatewayProcess[] = [];
  for (const [index, identity] of identities.entries()) {
    const ways = await Promise.all(nodes.map((node) => startTcpProxy(Number(new URL(node.url).port))));
    networks.set(identity.name, ways);
    const amqpUrl = ways.map(({ port }) => Object.assign(new URL(vhost.url), { port }).href).join(',');
    const own = identity.service === 'shop' ? { application: application.url } : {};
    gateways.push(new GatewayProcess({ ...identity, ...own, port: ports[index] as number, amqpUrl, callLog }));
  }

  const start = (gateway: GatewayProcess) => {
    gateway.start();
    watchProcesses(watch, gateways);
  };
  const untilReady = async () => {
    await cluster?.whole();
    const isReady = async () => {
      const unready = await Promise.all(gateways.map(async (each) => ((await each.isReady()) ? [] : [each.name])));
      if (unready.flat().length > 0) throw new Error(`not ready: ${unready.flat().join(', ')}`);
    };
    try {
      await eventually(isReady, { timeoutMs: 180_000, intervalMs: 50 });
    } catch (error) {
      const logs = gateways.flatMap((gateway) => gateway.logLines('').slice(-30));
      throw new Error(`The gateways are not ready:\n${logs.join('\n')}`, { cause: error });
    }
  };
  const ledger = gateways.find(({ service }) => service === 'ledger') as GatewayProcess;
  const stopPulling = startPuller(ledger.address, ledger.service, callLog);
  const close = async () => {
    await stopPulling();
    await application.stop();
    await Promise.all(gateways.map((gateway) => gateway.kill()));
    await Promise.all([...networks.values()].flat().map((network) => network.close()));
    await Promise.all(nodes.map((node) => node.close()));
    await watch.release();
  };

  for (const gateway of gateways) start(gateway);
  try {
    await untilReady();
  } catch (error) {
    await close();
    throw error;
  }
  const survivor = gateways.at(-1) as GatewayProcess;
  return { broker, cluster, vhost, gateways, survivor, networks, application, callLog, start, untilReady, close };
}

/** Those that faults may end. */
export const killable = identities.slice(0, -1).map(({ name }) => name);
