import { existsSync, realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';

const USUAL_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The folders in which commands are searched: those of PATH, and the usual ones, as PATH may lack the `sbin` ones. */
export function commandFolders(): string[] {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...new Set([...path, ...USUAL_FOLDERS])];
}

/** The folder of an installed RabbitMQ, which holds `sbin/` and `plugins/`; undefined when there is none. */
export function findRabbitmqHome(): string | undefined {
  for (const folder of ['/usr/lib/rabbitmq/bin', ...commandFolders()]) {
    const command = join(folder, 'rabbitmq-server');
    if (!existsSync(command)) continue;
    const script = realpathSync(command);
    // Packages put a wrapper on PATH which changes to the user `rabbitmq` and the system's folders; it is no use here.
    const isWrapper = basename(script) !== 'rabbitmq-server' || !existsSync(join(dirname(script), 'rabbitmq-env'));
    if (!isWrapper) return dirname(dirname(script));
  }
  return undefined;
}
