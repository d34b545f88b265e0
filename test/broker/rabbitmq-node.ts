import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Broker, BrokerOptions } from './broker.ts';
import { eventually } from './eventually.ts';
import { type KillOnExit, killOnExit } from './kill-on-exit.ts';
import { findProcessesByHome } from './processes-by-home.ts';
import type { RabbitmqInstallation } from './rabbitmq-installation.ts';
import { createRabbitmqNodeSettings, type RabbitmqNodeSettings } from './rabbitmq-node-settings.ts';
import { runCommand } from './run-command.ts';
import { waitUntilReady } from './wait-until-ready.ts';

/** Starts a private node of an installed RabbitMQ. */
export async function startRabbitmqNode(
  installation: RabbitmqInstallation,
  options: BrokerOptions = {},
): Promise<Broker> {
  const node = new RabbitmqNode(installation, await createRabbitmqNodeSettings(installation, options));
  try {
    await node.start();
    return node;
  } catch (error) {
    await node.close();
    throw error;
  }
}

/** A node of an installed RabbitMQ with its processes and files. */
export class RabbitmqNode implements Broker {
  readonly url: string;
  /** The name of the node in a cluster. */
  readonly nodeName: string;
  readonly managementUrl: string;
  readonly tlsPort: number | undefined;
  readonly #installation: RabbitmqInstallation;
  readonly #settings: RabbitmqNodeSettings;
  readonly #killOnExit: KillOnExit;
  readonly #children = new Set<ChildProcess>();
  #epmd: ChildProcess | undefined;
  #vm: ChildProcess | undefined;
  #closing: Promise<void> | undefined;

  constructor(installation: RabbitmqInstallation, settings: RabbitmqNodeSettings) {
    this.#installation = installation;
    this.url = settings.url;
    this.nodeName = settings.nodeName;
    this.managementUrl = settings.managementUrl;
    this.tlsPort = settings.tlsPort;
    this.#settings = settings;
    this.#killOnExit = killOnExit(settings.folder);
  }

  async start(): Promise<void> {
    if (this.#closing) throw new Error('The broker is closed.');
    if (this.#vm && isAlive(this.#vm)) throw new Error('The broker runs already.');
    // Started by us, epmd is a child which can be ended; started by the node, it would become a daemon of its own.
    if (this.#settings.startsEpmd) this.#epmd ??= this.#spawn(findEpmd(this.#installation.commandFolders));
    const vm = this.#spawn(join(this.#settings.scripts, 'rabbitmq-server'));
    this.#vm = vm;
    await this.#untilReady(vm);
  }

  async stop(): Promise<void> {
    const vm = this.#running();
    vm.kill('SIGCONT');
    // Left in place, this handler calls at the node's end the very process which waits for it, and loses 5 s.
    await this.evaluate('gen_event:delete_handler(rabbit_event, rabbit_mgmt_db_handler, [])').catch(() => {});
    await end(vm, 'SIGTERM');
  }

  async kill(): Promise<void> {
    await end(this.#running(), 'SIGKILL');
  }

  async pause(): Promise<void> {
    this.#running().kill('SIGSTOP');
  }

  async resume(): Promise<void> {
    this.#running().kill('SIGCONT');
  }

  async restore(): Promise<void> {
    if (!this.#vm || !isAlive(this.#vm)) return this.start();
    this.#vm.kill('SIGCONT');
    await this.#untilReady(this.#vm);
  }

  rabbitmqctl(...args: string[]): Promise<string> {
    // The command starts an Erlang of its own, for which a busy machine can take more than a minute.
    const options = { env: this.#settings.env, timeoutMs: 180_000 };
    return runCommand(join(this.#settings.scripts, 'rabbitmqctl'), args, options);
  }

  async evaluate(expression: string): Promise<string> {
    const erlCall = this.#installation.commandFolders
      .map((folder) => join(folder, 'erl_call'))
      .find((file) => existsSync(file));
    if (!erlCall) return (await this.rabbitmqctl('eval', `${expression}.`)).trim();
    // It ends with 0 whatever the outcome is, and takes an expression for incomplete if no line ends after its full stop.
    const options = { env: this.#settings.env, input: `${expression}.\n` };
    const printed = await runCommand(erlCall, ['-sname', this.nodeName, '-r', '-e'], options);
    const value = /^\{ok, (.*)\}$/s.exec(printed.trim())?.[1];
    if (value === undefined) throw new Error(`"${expression}" failed in ${this.nodeName}: ${printed}`);
    return value;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // The data go too, so there is nothing to be written down in good order.
    await Promise.all([...this.#children].map((child) => end(child, 'SIGKILL')));
    await eventually(() => {
      const left = findProcessesByHome(this.#settings.folder);
      for (const pid of left) process.kill(pid, 'SIGKILL');
      if (left.length > 0) throw new Error(`Processes of the broker are still there: ${left.join(', ')}`);
    });
    await this.#killOnExit.release();
  }

  #untilReady(vm: ChildProcess): Promise<void> {
    return waitUntilReady(this, {
      findFailure: () => (isAlive(vm) ? undefined : `RabbitMQ ended at its start:\n${this.#lastLines()}`),
    });
  }

  #running(): ChildProcess {
    if (!this.#vm || !isAlive(this.#vm)) throw new Error('The broker does not run.');
    return this.#vm;
  }

  #spawn(file: string): ChildProcess {
    const { folder, env, startupLog } = this.#settings;
    const output = openSync(startupLog, 'a');
    // Detached, so that Ctrl+C in the terminal is left to the test run, which closes the broker.
    const child = spawn(file, { cwd: folder, env, detached: true, stdio: ['ignore', output, output] });
    closeSync(output);
    child.unref();
    child.on('error', () => {});
    child.once('exit', () => {
      this.#children.delete(child);
      this.#watchChildren();
    });
    this.#children.add(child);
    this.#watchChildren();
    return child;
  }

  #watchChildren(): void {
    this.#killOnExit.watch([...this.#children].flatMap(({ pid }) => pid ?? []));
  }

  #lastLines(): string {
    const { startupLog, log } = this.#settings;
    return [startupLog, log]
      .filter((file) => existsSync(file))
      .flatMap((file) => readFileSync(file, 'utf8').trim().split('\n').slice(-40))
      .join('\n');
  }
}

function isAlive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (!isAlive(child)) return;
  child.ref();
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

function findEpmd(folders: readonly string[]): string {
  const beside = (command: string) => join(dirname(command), 'epmd');
  const erl = folders.map((folder) => join(folder, 'erl')).find((file) => existsSync(file));
  const candidates = erl ? [beside(erl), beside(realpathSync(erl))] : [];
  const epmd = candidates.find((file) => existsSync(file));
  if (!epmd) throw new Error('RabbitMQ is installed, but Erlang is not: no epmd beside the command "erl" on PATH.');
  return epmd;
}
