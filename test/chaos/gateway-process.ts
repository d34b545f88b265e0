import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '../broker/eventually.ts';
import type { KillOnExit } from '../broker/kill-on-exit.ts';
import { ledgerTime, type SetAside } from './ledger.ts';

/** What a process needs, after its garbage was collected. Bytes. */
export interface MemoryUse {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

export interface GatewayProcessOptions {
  /** Tells the gateways of one service apart. */
  readonly name: string;
  readonly service: string;
  /** The name of the process in `littoral.config.ts`. */
  readonly version?: 'next';
  readonly port: number;
  readonly amqpUrl: string;
  /** Where its handlers note their calls. */
  readonly callLog: string;
  /** The address of its application. Default: it has none, or one that pulls. */
  readonly application?: string | undefined;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const config = fileURLToPath(new URL('littoral.config.ts', import.meta.url));
const command = ['--expose-gc', '--conditions=littoral-src', '--import=tsx', 'src/cli.ts', 'start', '--config', config];

const keptLines = 20_000;

/** A gateway as users run it, which can be killed, stopped, and started again at the same address. */
export class GatewayProcess {
  readonly name: string;
  readonly service: string;
  readonly address: string;
  /** Ends that nobody asked for, and ends in good order that were none. */
  readonly findings: string[] = [];
  /** The dead letters that it has set aside. */
  readonly setAside: SetAside[] = [];
  readonly #options: GatewayProcessOptions;
  readonly #lines: string[] = [];
  #child: ChildProcess | undefined;
  #memory: MemoryUse | undefined;
  #ending = false;

  constructor(options: GatewayProcessOptions) {
    this.#options = options;
    this.name = options.name;
    this.service = options.service;
    this.address = `http://127.0.0.1:${options.port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Does not wait until it is ready. */
  start(): void {
    const { service, version = '', port, amqpUrl, callLog, application = '' } = this.#options;
    const child = spawn(process.execPath, command, {
      cwd: root,
      // Ctrl+C in the terminal is for the run, which ends it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        SERVICE_NAME: service,
        CHAOS_VERSION: version,
        PORT: String(port),
        AMQP_URL: amqpUrl,
        LOG_LEVEL: 'info',
        CHAOS_LEDGER: callLog,
        APPLICATION: application,
      },
    });
    this.#child = child;
    this.#ending = false;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#onLine(line));
    }
    child.once('exit', (code, signal) => {
      if (!this.#ending) this.findings.push(`${this.name} ended by itself: ${signal ?? `exit code ${code}`}`);
    });
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks it to end in good order, which must succeed. */
  async stop(): Promise<void> {
    const code = await this.#end('SIGTERM');
    if (code !== 0) this.findings.push(`${this.name} was told to stop and ended with exit code ${code}`);
  }

  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.address}/readyz`, { signal: AbortSignal.timeout(2000) })).status === 200;
    } catch {
      return false;
    }
  }

  /**
   * Resolves once it has read all that had arrived: an answer shows that its event loop has run since, and the first
   * can precede what arrived beside the request. An ended process has nothing to read.
   */
  async untilRead(): Promise<void> {
    for (let answers = 0; answers < 2; answers += 1)
      await fetch(`${this.address}/livez`, { signal: AbortSignal.timeout(30_000) }).catch(() => {});
  }

  /** What it needs after its garbage was collected. */
  async memory(): Promise<MemoryUse> {
    this.#memory = undefined;
    this.#child?.kill('SIGUSR2');
    return eventually(() => this.#memory ?? Promise.reject(new Error(`${this.name} does not tell its memory`)));
  }

  /** Forgets what was logged, but for the last lines. */
  trimLog(): void {
    this.#lines.splice(0, Math.max(0, this.#lines.length - keptLines));
  }

  /** What it logged last, where it holds a text. */
  logLines(text: string): string[] {
    return this.#lines.filter((line) => line.includes(text)).map((line) => `${this.name}: ${line.slice(0, 600)}`);
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return 0;
    this.#ending = true;
    const ended = once(child, 'exit');
    child.kill(signal);
    const [code] = await ended;
    return code as number | null;
  }

  #onLine(line: string): void {
    if (line.startsWith('{"memory":')) {
      this.#memory = JSON.parse(line).memory;
      return;
    }
    this.#lines.push(line);
    if (line.includes('"msg":"dead letter set aside')) {
      this.setAside.push({ messageId: String(JSON.parse(line).messageId), at: ledgerTime() });
    }
    // What nothing caught is logged as fatal; what is no line of the log at all was not meant to be written.
    if (line.startsWith('{"level":"fatal"') || !line.startsWith('{')) this.findings.push(`${this.name} wrote: ${line}`);
    if (this.#lines.length > 2 * keptLines) this.trimLog();
  }
}

/** Has processes killed when this one ends, however it ends. */
export function watchProcesses(watch: KillOnExit, gateways: readonly GatewayProcess[]): void {
  watch.watch(gateways.flatMap(({ pid }) => pid ?? []));
}
