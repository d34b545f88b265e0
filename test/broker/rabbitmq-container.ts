import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Broker, type BrokerOptions, type BrokerTls, erlangArgsOf, tlsPlugin, tlsSettings } from './broker.ts';
import { findFreePorts } from './free-ports.ts';
import type { RabbitmqSeries } from './rabbitmq-series.ts';
import { runCommand } from './run-command.ts';
import { waitUntilReady } from './wait-until-ready.ts';

const ERLANG_ARGS = '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -rabbit collect_statistics_interval 500';

/** The command of a container engine which answers; undefined when none does. */
export async function findContainerEngine(): Promise<string | undefined> {
  for (const engine of ['docker', 'podman']) {
    try {
      await runCommand(engine, ['info'], { timeoutMs: 5_000 });
      return engine;
    } catch {
      // Not installed, or its daemon does not run.
    }
  }
  return undefined;
}

/**
 * Returns the image of a RabbitMQ series. Fetches it if the container engine does not have it.
 *
 * @throws if the engine can neither find nor fetch it
 */
export async function fetchRabbitmqImage(engine: string, series: RabbitmqSeries): Promise<string> {
  // The name includes the registry, because Podman may not know one for short names.
  const image = `docker.io/library/rabbitmq:${series}-management`;
  try {
    await runCommand(engine, ['image', 'inspect', image], { timeoutMs: 10_000 });
  } catch {
    await runCommand(engine, ['pull', image], { timeoutMs: 300_000 });
  }
  return image;
}

/** Starts a broker in a container of its own. */
export async function startRabbitmqContainer(
  engine: string,
  image: string,
  options: BrokerOptions = {},
): Promise<Broker> {
  const name = `littoral-rabbitmq-${randomBytes(4).toString('hex')}`;
  // An engine which chooses ports itself chooses others at each start.
  const [amqpPort, managementPort, freePort] = await findFreePorts(3);
  const tlsPort = options.tls && freePort;
  const address = {
    url: `amqp://guest:guest@127.0.0.1:${amqpPort}`,
    managementUrl: `http://127.0.0.1:${managementPort}`,
    tlsPort,
  };
  const run = (...args: string[]) => runCommand(engine, args, { timeoutMs: 300_000 });
  const removeAtExit = () => spawnSync(engine, ['rm', '--force', '--volumes', name], { stdio: 'ignore' });

  async function findFailure(): Promise<string | undefined> {
    if ((await run('inspect', '--format', '{{.State.Running}}', name)).trim() === 'true') return undefined;
    return `The container of ${image} ended at its start: ${await run('logs', '--tail', '40', name)}`;
  }

  const broker: Broker = {
    ...address,
    async start() {
      await run('start', name);
      await waitUntilReady(address, { findFailure });
    },
    async stop() {
      await run('stop', '-t', '60', name);
    },
    async kill() {
      await run('kill', name);
    },
    async pause() {
      await run('pause', name);
    },
    async resume() {
      await run('unpause', name);
    },
    async restore() {
      await run('unpause', name).catch(() => {}); // It was not frozen.
      await broker.start();
    },
    rabbitmqctl: (...args) => run('exec', name, 'rabbitmqctl', ...args),
    async evaluate(expression) {
      return (await run('exec', name, 'rabbitmqctl', 'eval', `${expression}.`)).trim();
    },
    async close() {
      await run('rm', '--force', '--volumes', name);
      process.off('exit', removeAtExit);
    },
  };

  process.once('exit', removeAtExit);
  try {
    // The node's name, and with it the place of its data, contains the host name.
    const ports = ['--publish', `127.0.0.1:${amqpPort}:5672`, '--publish', `127.0.0.1:${managementPort}:15672`];
    const args = [ERLANG_ARGS, ...erlangArgsOf(options)].join(' ');
    const settings = ['--hostname', name, '--env', `RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=${args}`];
    if (options.tls) settings.push('--publish', `127.0.0.1:${tlsPort}:5671`, ...tlsVolumes(options.tls));
    await run('create', '--name', name, ...ports, ...settings, image);
    await broker.start();
    return broker;
  } catch (error) {
    await broker.close().catch(() => {});
    throw error;
  }
}

/** Writes what the container reads of TLS beside the certificates, and returns the options that show it to it. */
function tlsVolumes(tls: BrokerTls): string[] {
  const [conf, plugins] = [join(tls.folder, 'rabbitmq.conf'), join(tls.folder, 'enabled_plugins')];
  writeFileSync(conf, [...tlsSettings(tls, '5671', '/tls'), ''].join('\n'));
  writeFileSync(plugins, `[rabbitmq_management,rabbitmq_prometheus,${tlsPlugin}].\n`);
  const volumes = {
    [tls.folder]: '/tls',
    [conf]: '/etc/rabbitmq/conf.d/90-tls.conf',
    [plugins]: '/etc/rabbitmq/enabled_plugins',
  };
  return Object.entries(volumes).flatMap(([from, to]) => ['--volume', `${from}:${to}:ro`]);
}
