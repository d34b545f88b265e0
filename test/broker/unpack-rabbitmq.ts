import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { findLinuxRelease, type LinuxRelease } from './linux-release.ts';
import { commandFolders, type RabbitmqInstallation, rabbitmqSeries } from './rabbitmq-installation.ts';
import { runCommand } from './run-command.ts';

// The first release of each distribution with RabbitMQ 4.
const RELEASES = { debian: 'trixie main', ubuntu: 'resolute main universe' } as const;

const KEYRINGS = {
  debian: '/usr/share/keyrings/debian-archive-keyring.gpg',
  ubuntu: '/usr/share/keyrings/ubuntu-archive-keyring.gpg',
} as const;

// What RabbitMQ needs of Erlang, and what Erlang needs of the system: the machine's own libraries may be too old.
const ERLANG =
  'base asn1 crypto eldap inets mnesia os-mon parsetools public-key runtime-tools ssl syntax-tools tools xmerl';
const LIBRARIES = ['libc6', 'libstdc++6', 'libgcc-s1', 'libtinfo6', 'libssl3t64', 'zlib1g', 'libzstd1'];
const PACKAGES = ['rabbitmq-server', ...ERLANG.split(' ').map((name) => `erlang-${name}`), ...LIBRARIES];

/** Returns whether the packages of a newer release can be fetched here: on Debian, Ubuntu and what descends from them. */
export function canUnpackRabbitmq(): boolean {
  return findLinuxRelease() !== undefined;
}

/**
 * Unpacks RabbitMQ 4 with its Erlang and their libraries from the packages of a newer release into a cache folder,
 * once. Needs no root and changes nothing of the system: apt gets lists and sources of its own, on the mirror that the
 * machine is set to use.
 *
 * @throws when apt or dpkg fails, as without a network; the message holds what they printed
 */
export async function unpackRabbitmq(): Promise<RabbitmqInstallation> {
  const release = findLinuxRelease();
  if (!release) throw new Error('The packages of RabbitMQ 4 can be unpacked on Debian and Ubuntu only.');
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'littoral-tests');
  mkdirSync(cache, { recursive: true });
  const [name] = RELEASES[release.distribution].split(' ');
  const folder = join(realpathSync(cache), `rabbitmq-${name}-${process.arch}`);
  if (!existsSync(folder)) await unpackInto(folder, release);
  return unpackedIn(folder);
}

/** Fills a folder beside `folder` and renames it at the end, so that runs side by side never see half of it. */
async function unpackInto(folder: string, release: LinuxRelease): Promise<void> {
  const work = mkdtempSync(`${folder}-`);
  try {
    const root = join(work, 'root');
    await unpackPackages(await downloadPackages(work, release), root);
    // Scripts name the folder that they end up in.
    runErlangByItsOwnLoader(root, folder);
    try {
      renameSync(root, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error; // Another run was faster.
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function downloadPackages(work: string, { distribution, codename }: LinuxRelease): Promise<string[]> {
  const targets = await runCommand('apt-get', [
    'indextargets',
    '--format',
    '$(RELEASE) $(REPO_URI)',
    'Created-By: Packages',
  ]);
  const mirrors = targets.split('\n').map((line) => line.split(' '));
  const mirror = mirrors.find(([suite]) => suite === codename)?.[1];
  if (!mirror) throw new Error(`apt has no source for ${codename}, so no mirror to fetch RabbitMQ 4 from.`);

  const packages = join(work, 'packages');
  for (const entry of ['lists/partial', 'archives/partial', 'packages'])
    mkdirSync(join(work, entry), { recursive: true });
  const keyring = KEYRINGS[distribution];
  const options = existsSync(keyring) ? `[signed-by=${keyring}] ` : '';
  writeFileSync(join(work, 'sources.list'), `deb ${options}${mirror} ${RELEASES[distribution]}\n`);
  const settings = {
    'Dir::Etc::SourceList': join(work, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::Etc::PreferencesParts': '/dev/null',
    'Dir::State::Lists': join(work, 'lists'),
    'Dir::State::Status': '/dev/null',
    'Dir::Cache': work,
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  };
  const apt = (...args: string[]) => {
    const given = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    // apt downloads into the folder that it runs in.
    return runCommand('sh', ['-c', 'cd "$0" && exec apt-get "$@"', packages, ...given, ...args], {
      timeoutMs: 300_000,
    });
  };
  await apt('update', '-q');
  await apt('download', '-q', ...PACKAGES);
  return readdirSync(packages).map((file) => join(packages, file));
}

async function unpackPackages(packages: readonly string[], root: string): Promise<void> {
  mkdirSync(root);
  for (const file of packages) await runCommand('dpkg-deb', ['-x', file, root]);
}

/**
 * Puts a script in the place of each program of Erlang that runs it by the loader and with the libraries of its own
 * release.
 */
function runErlangByItsOwnLoader(root: string, folder: string): void {
  const libraries = dirname(findFile(join(root, 'usr/lib'), /(^|\/)libc\.so\.6$/));
  const loader = findFile(join(root, 'usr'), /(^|\/)ld-linux[^/]*\.so\.\d$/);
  const moved = (path: string) => path.replace(root, folder);

  const erlang = join(root, 'usr/lib/erlang');
  for (const entry of readdirSync(erlang, { recursive: true, encoding: 'utf8' })) {
    if (!/^erts-[^/]*\/bin\/|^bin\/|^lib\/[^/]*\/priv\/bin\//.test(entry)) continue;
    const file = join(erlang, entry);
    if (!isProgram(file)) continue;
    renameSync(file, `${file}.elf`);
    // Some programs look at the name that they are called by.
    const command = `exec "${moved(loader)}" --argv0 "$0" --library-path "${moved(libraries)}" "${moved(file)}.elf" "$@"`;
    writeFileSync(file, `#!/bin/sh\n${command}\n`);
    chmodSync(file, 0o755);
  }
}

/**
 * Sets, in both scripts that start Erlang, the folder that holds its files. RabbitMQ uses the second one when it forms a
 * cluster. Changes nothing where that was done before.
 */
function setErlangFolder(erlang: string): void {
  const runtime = readdirSync(erlang).find((entry) => entry.startsWith('erts-'));
  for (const erl of [join(erlang, 'bin/erl'), join(erlang, runtime ?? '', 'bin/erl')]) {
    if (!existsSync(erl)) continue;
    const before = readFileSync(erl, 'utf8');
    const after = before.replaceAll(/\bROOTDIR=\/\S+/g, () => `ROOTDIR="${erlang}"`);
    if (after === before) continue;
    // Renamed into its place, because another run may start it at this moment.
    const written = `${erl}-${process.pid}`;
    writeFileSync(written, after, { mode: 0o755 });
    renameSync(written, erl);
  }
}

function isProgram(file: string): boolean {
  if (!lstatSync(file).isFile()) return false; // A link leads to a program that is replaced itself.
  const start = Buffer.alloc(4);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, start);
  closeSync(descriptor);
  return start.toString('latin1') === '\x7fELF';
}

function findFile(folder: string, pattern: RegExp): string {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((entry) => pattern.test(entry));
  if (found === undefined) throw new Error(`The packages of RabbitMQ 4 hold no file that matches ${pattern}.`);
  return join(folder, found);
}

function unpackedIn(folder: string): RabbitmqInstallation {
  setErlangFolder(join(folder, 'usr/lib/erlang'));
  const server = realpathSync(join(folder, 'usr/lib/rabbitmq/bin/rabbitmq-server'));
  const home = dirname(dirname(server));
  return {
    home,
    series: rabbitmqSeries(home),
    commandFolders: [join(folder, 'usr/lib/erlang/bin'), ...commandFolders()],
  };
}
