import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../src/cli.js', import.meta.url));
const rounds = 3;

/** Runs in the process of the command, and writes the CPU time of that process at its end. */
const reporting = `process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  process.stderr.write('\\ncpu ' + (user + system) + '\\n');
})`;

/**
 * Returns the milliseconds of CPU that a command of the built CLI takes, with the channel in memory.
 *
 * @param until a text of its output after which the command is stopped. Default: it ends by itself
 */
export async function commandCpuMs(args: readonly string[], until?: string): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) least = Math.min(least, await runOnce(args, until));
  return least;
}

async function runOnce(args: readonly string[], until: string | undefined): Promise<number> {
  const command = spawn(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(reporting)}`, cli, ...args],
    {
      cwd: tmpdir(),
      env: { ...process.env, CHANNEL: 'in-memory', PORT: '0', SERVICE_NAME: 'bench' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  let errors = '';
  command.stdout.on('data', (data) => {
    output += data;
    if (until !== undefined && output.includes(until)) command.kill('SIGTERM');
  });
  command.stderr.on('data', (data) => {
    errors += data;
  });
  await once(command, 'close');
  const [, micros] = /^cpu (\d+)$/m.exec(errors) ?? [];
  if (micros === undefined) throw new Error(`littoral ${args.join(' ')} did not end in order:\n${errors}`);
  return Number(micros) / 1_000;
}
