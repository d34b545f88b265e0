import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';

/** A RabbitMQ on this machine. */
export interface RabbitmqInstallation {
  /** The folder that holds `sbin/` and `plugins/`. */
  readonly home: string;
  /** The first number of its version: 3 or 4. */
  readonly series: number;
  /** The folders in which its scripts search commands, its own Erlang first. */
  readonly commandFolders: readonly string[];
}

const USUAL_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Returns the folders in which commands are searched: those of PATH, and the usual ones, as PATH may lack `sbin`. */
export function commandFolders(): string[] {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...new Set([...path, ...USUAL_FOLDERS])];
}

/** Returns the RabbitMQ that is installed; undefined when there is none. */
export function findInstalledRabbitmq(): RabbitmqInstallation | undefined {
  for (const folder of ['/usr/lib/rabbitmq/bin', ...commandFolders()]) {
    const command = join(folder, 'rabbitmq-server');
    if (!existsSync(command)) continue;
    const script = realpathSync(command);
    // Packages put a wrapper on PATH which changes to the user `rabbitmq` and the system's folders; it is no use here.
    const isWrapper = basename(script) !== 'rabbitmq-server' || !existsSync(join(dirname(script), 'rabbitmq-env'));
    if (isWrapper) continue;
    const home = dirname(dirname(script));
    return { home, series: rabbitmqSeries(home), commandFolders: commandFolders() };
  }
  return undefined;
}

/** Returns the first number of the version of the RabbitMQ in `home`, by the name of its main plugin. */
export function rabbitmqSeries(home: string): number {
  const versions = readdirSync(join(home, 'plugins')).map((entry) => /^rabbit-(\d+)\./.exec(entry)?.[1]);
  return Number(versions.find((version) => version !== undefined));
}
