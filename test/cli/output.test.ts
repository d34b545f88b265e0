import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { findFreePorts } from '../broker/free-ports.ts';
import { folderOf } from '../folder-of.ts';
import { spawnProcess } from '../spawn-process.ts';
import { entry, littoralCommand } from './littoral.ts';

/** Its command logs ten lines of a megabyte, prints two more by other ways, and names the process. */
const talkative = `
  import { defineCommandHandler } from ${entry};
  process.stderr.write('process ' + process.pid + '\\n');
  export default {
    service: 'shop',
    http: { drainDelayMs: 0 },
    handlers: [
      defineCommandHandler({
        routingKey: 'talk',
        distributed: true,
        handle(_payload, _headers, { logger }) {
          for (let line = 0; line < 10; line += 1) logger.info({ line, text: 'x'.repeat(1_000_000) }, 'talking');
          console.log('printed');
          process.stdout.write('written');
          process.stderr.write('talked\\n');
        },
      }),
    ],
  };
`;

/** Runs a command in a shell: "$@" is the command, whose exit code is written to standard error. */
function inShell(args: readonly string[], around: string, cwd: string, environment = {}) {
  const script = `{ "$@"; echo "exit code $?" >&2; } ${around}`;
  return spawnProcess('sh', ['-c', script, 'sh', ...littoralCommand, ...args], { cwd, environment });
}

async function talkingGateway(around: string, cwd: string) {
  const [port] = await findFreePorts(1);
  const gateway = inShell([], around, cwd, { PORT: String(port) });
  const [, id] = await gateway.written(/process (\d+)/);
  const address = `http://127.0.0.1:${port}`;
  await eventually(async () => expect((await fetch(`${address}/readyz`)).status).toBe(200), { timeoutMs: 120_000 });
  const answer = await fetch(`${address}/commands/shop/talk`, { method: 'POST' });
  expect(answer.status).toBe(202);
  await gateway.written(/talked/);
  const ready = await fetch(`${address}/readyz`);
  const { warnings } = (await ready.json()) as { warnings?: string[] };
  return { gateway, id: Number(id), status: ready.status, warnings };
}

describe('a gateway whose log cannot be written', () => {
  test.each([
    ['as its reader hangs', '| sleep 3600'],
    ['as its disk is full', '> /dev/full'],
    ['as its reader has ended', '| true'],
  ])('works and ends in order %s', async (_, around) => {
    const cwd = folderOf({ 'littoral.config.mjs': talkative });
    const { gateway, id, status, warnings } = await talkingGateway(around, cwd);
    expect(status).toBe(200);
    expect(warnings).toEqual([expect.stringMatching(/^log lines were dropped.*: [1-9]\d*$/)]);
    process.kill(id, 'SIGTERM');
    await gateway.written(/exit code 0/);
  });

  test('reports the number of dropped lines once its reader resumes, and loses none of the last lines', async () => {
    const cwd = folderOf({ 'littoral.config.mjs': talkative });
    const go = join(cwd, 'go');
    execFileSync('mkfifo', [go]);
    const { gateway, id } = await talkingGateway(`| { read line < ${go}; cat; }`, cwd);
    expect(gateway.output()).not.toContain('listening');
    writeFileSync(go, 'go\n');
    const [, dropped] = await gateway.written(/"level":"warn",.*"dropped":(\d+),.*log lines were dropped/);
    process.kill(id, 'SIGTERM');
    await gateway.written(/exit code 0/);
    const { stdout } = await gateway.ended;
    expect(stdout.match(/"msg":"talking"/g)).toHaveLength(10 - Number(dropped));
    expect(stdout).toMatch(/listening on .*"msg":"talking".*log lines were dropped.*"msg":"stopped"\}\n$/s);
  });
});

describe('a command', () => {
  const closed = (cwd: string) => {
    const go = join(cwd, 'go');
    execFileSync('mkfifo', [go]);
    return { before: `{ read line < ${go}; `, reader: `| { exec 0<&-; echo go > ${go}; }` };
  };

  test.each([
    ['quietly, with the exit code of a broken pipe, where its reader has ended', true, 'exit code 141\n'],
    [
      'with exit code 1 where the disk is full',
      false,
      'littoral: Standard output cannot be written: ENOSPC: no space left on device, write\nexit code 1\n',
    ],
  ])('ends %s', async (_, isPipe, stderr) => {
    const cwd = folderOf({ 'littoral.config.json': '{ "service": "shop" }' });
    const { before, reader } = closed(cwd);
    const script = isPipe
      ? `${before} "$@"; echo "exit code $?" >&2; } ${reader}`
      : '"$@" > /dev/full; echo "exit code $?" >&2';
    const command = spawnProcess('sh', ['-c', script, 'sh', ...littoralCommand, 'list'], { cwd });
    expect(await command.ended).toMatchObject({ stderr, stdout: '' });
  });
});
