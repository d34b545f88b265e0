import { randomBytes } from 'node:crypto';
import { mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type BrokerAddress, type BrokerOptions, erlangArgsOf, tlsPlugin, tlsSettings } from './broker.ts';
import { findFreePorts } from './free-ports.ts';
import { createLeanRabbitmqHome } from './lean-rabbitmq-home.ts';
import type { RabbitmqInstallation } from './rabbitmq-installation.ts';

/** Settings that the nodes of one cluster share, with the number of this node. */
export interface ClusterMembership {
  readonly nodeName: string;
  readonly nodeNames: readonly string[];
  readonly cookie: string;
  /** The nodes find each other through one epmd, which the first of them starts. */
  readonly epmdPort: number;
}

/** All that a private node and its tools have to agree on. */
export interface RabbitmqNodeSettings extends BrokerAddress {
  /** The Erlang cookie, by which the nodes of a cluster authenticate each other. */
  readonly nodeName: string;
  /** True if the node starts its own epmd. */
  readonly startsEpmd: boolean;
  /** The node's own folder: its home, data, logs and configuration. */
  readonly folder: string;
  /** The folder of `rabbitmq-server` and `rabbitmqctl`. */
  readonly scripts: string;
  /** The whole environment of every process of the node. */
  readonly env: NodeJS.ProcessEnv;
  readonly startupLog: string;
  readonly log: string;
}

const PLUGINS = ['rabbitmq_management', 'rabbitmq_management_agent'];

// Schedulers sleep when idle rather than spin; distribution on loopback only.
const SERVER_ARGS = '+sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}';
const SCHEDULERS = { alone: '+S 2:2', inCluster: '+S 1:1' };
const CTL_ARGS = '+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}';

/** Makes the folder of a new node, on free ports, with everything the node reads at start. */
export async function createRabbitmqNodeSettings(
  { home, commandFolders }: RabbitmqInstallation,
  options: BrokerOptions,
  membership?: ClusterMembership,
): Promise<RabbitmqNodeSettings> {
  const [amqpPort, managementPort, distributionPort, ownEpmdPort, tlsPort] = await findFreePorts(5);
  const epmdPort = membership?.epmdPort ?? ownEpmdPort;
  const nodeName = membership?.nodeName ?? `littoral-${randomBytes(4).toString('hex')}@localhost`;
  const { tls } = options;
  const plugins = [...PLUGINS, ...(tls ? [tlsPlugin] : []), ...(options.plugins ?? [])];
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'littoral-rabbitmq-'));
  const file = (name: string) => join(folder, name);
  const log = file('rabbitmq.log');

  const cookie = membership?.cookie ?? randomBytes(16).toString('hex');
  writeFileSync(file('.erlang.cookie'), cookie, { mode: 0o400 });
  writeFileSync(file('enabled_plugins'), `[${plugins.join(',')}].\n`);
  writeFileSync(
    file('rabbitmq.conf'),
    [
      `listeners.tcp.1 = 127.0.0.1:${amqpPort}`,
      'management.tcp.ip = 127.0.0.1',
      `management.tcp.port = ${managementPort}`,
      'loopback_users = none',
      // How soon the management API shows what changed: the interval of the broker's statistics in milliseconds, and
      // that of the API's samples of them in seconds.
      'collect_statistics_interval = 500',
      'management.sample_retention_policies.global.minute = 1',
      'management.sample_retention_policies.basic.minute = 1',
      'management.sample_retention_policies.detailed.minute = 1',
      'vm_memory_high_watermark.absolute = 512MB',
      'disk_free_limit.absolute = 10MB',
      'log.console = false',
      `log.file = ${log}`,
      ...(tls ? tlsSettings(tls, `127.0.0.1:${tlsPort}`, tls.folder) : []),
      ...(options.settings ?? []),
      ...(membership ? clusterSettings(membership) : []),
      '',
    ].join('\n'),
  );

  return {
    url: `amqp://guest:guest@127.0.0.1:${amqpPort}`,
    managementUrl: `http://127.0.0.1:${managementPort}`,
    nodeName,
    startsEpmd: membership === undefined || membership.nodeNames[0] === nodeName,
    tlsPort: tls && tlsPort,
    folder,
    scripts: join(createLeanRabbitmqHome(home, folder, plugins), 'sbin'),
    log,
    startupLog: file('startup.log'),
    // Nothing is inherited but PATH, as RabbitMQ reads many variables, also some without a prefix.
    env: {
      PATH: commandFolders.join(delimiter),
      HOME: folder,
      LC_ALL: 'C.UTF-8',
      // Else in the folder of the tests' user, when their run is cut off.
      ERL_CRASH_DUMP: file('erl_crash.dump'),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      ERL_EPMD_PORT: String(epmdPort),
      RABBITMQ_NODENAME: nodeName,
      RABBITMQ_DIST_PORT: String(distributionPort),
      RABBITMQ_MNESIA_BASE: file('data'),
      RABBITMQ_LOG_BASE: folder,
      RABBITMQ_CONFIG_FILE: file('rabbitmq.conf'),
      RABBITMQ_ADVANCED_CONFIG_FILE: file('advanced.config'),
      RABBITMQ_ENABLED_PLUGINS_FILE: file('enabled_plugins'),
      // A file which is not there, so that the one of the system's broker is not read.
      RABBITMQ_CONF_ENV_FILE: file('rabbitmq-env.conf'),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: [
        membership ? SCHEDULERS.inCluster : SCHEDULERS.alone,
        SERVER_ARGS,
        ...erlangArgsOf(options),
      ].join(' '),
      RABBITMQ_CTL_ERL_ARGS: CTL_ARGS,
      RABBITMQ_CTL_DIST_PORT_MIN: '0',
      RABBITMQ_CTL_DIST_PORT_MAX: '0',
      // Makes the script become the Erlang VM rather than wait for it: signals reach the VM, and its pid is known.
      RUNNING_UNDER_SYSTEMD: 'true',
    },
  };
}

function clusterSettings({ nodeNames }: ClusterMembership): string[] {
  return [
    'cluster_formation.peer_discovery_backend = classic_config',
    ...nodeNames.map((name, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${name}`),
    // RabbitMQ's recommendation for three nodes: a node that is cut off from the others pauses.
    'cluster_partition_handling = pause_minority',
    // Three nodes share one machine.
    'raft.wal_max_size_bytes = 33554432',
  ];
}
