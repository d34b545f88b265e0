import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * Makes, inside `folder`, a RabbitMQ home with links to no more of the plugins than `plugins` and the broker depend on.
 * RabbitMQ reads every module of its applications at boot and searches each in every folder in turn: fewer folders
 * halve the time of a start. Returns `home` itself when its plugins are not laid out as folders.
 */
export function createLeanRabbitmqHome(home: string, folder: string, plugins: readonly string[]): string {
  const installed = new Map<string, string>();
  for (const entry of readdirSync(join(home, 'plugins'))) installed.set(entry.replace(/-\d.*$/, ''), entry);

  const needed = new Map<string, string>();
  const toVisit = ['rabbit', ...plugins];
  for (let name = toVisit.pop(); name !== undefined; name = toVisit.pop()) {
    const library = join(home, 'plugins', installed.get(name) ?? name);
    const description = join(library, 'ebin', `${name}.app`);
    // What is not here comes with Erlang itself.
    if (needed.has(name) || !existsSync(description)) continue;
    needed.set(name, library);
    const [, applications = ''] = /\{applications,\s*\[([^\]]*)\]/.exec(readFileSync(description, 'utf8')) ?? [];
    toVisit.push(...applications.split(/[\s,']+/).filter((application) => application !== ''));
  }
  if (!['rabbit', ...plugins].every((name) => needed.has(name))) return home;

  const leanHome = join(folder, 'rabbitmq');
  mkdirSync(join(leanHome, 'plugins'), { recursive: true });
  for (const library of needed.values()) symlinkSync(library, join(leanHome, 'plugins', basename(library)));
  for (const entry of readdirSync(home)) {
    if (entry !== 'plugins') symlinkSync(join(home, entry), join(leanHome, entry));
  }
  return leanHome;
}
