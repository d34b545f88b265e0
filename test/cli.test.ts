import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { version } from '../src/version.ts';
import { findFreePorts } from './broker/free-ports.ts';
import { spawnProcess } from './spawn-process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsx = import.meta.resolve('tsx');

interface Options {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The command as `npm start` runs it, from the sources. */
function littoral(args: readonly string[], options: Options = {}) {
  const cli = join(root, 'src/cli.ts');
  return spawnProcess(process.execPath, ['--import', tsx, '--conditions=littoral-src', cli, ...args], options);
}

/** A folder with these files, removed when the test has finished. */
async function folder(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'littoral-cli-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return path;
}

const listening = /listening on (http:\/\/127\.0\.0\.1:\d+)/;

test('shows its usage when asked, whatever else is asked', async () => {
  const { code, stdout, stderr } = await littoral(['start', '--help']).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('littoral [start] [--config FILE] [--no-consume]');
  for (const name of ['SERVICE_NAME', 'AMQP_URL', 'CHANNEL', 'HOST', 'PORT', 'LOG_LEVEL']) {
    expect(stdout).toContain(name);
  }
});

test('tells its version', async () => {
  expect(await littoral(['--version']).ended).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test.each([
  ['an unknown command', ['begin'], "No command 'begin'."],
  ['an unknown option', ['start', '--verbose'], "Unknown option '--verbose'"],
  ['an argument too many', ['start', 'billing'], "'billing' is one argument too many."],
])('wrong usage is exit code 2 and points to --help: %s', async (_, args, message) => {
  const { code, stdout, stderr } = await littoral(args).ended;
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.startsWith(`littoral: ${message}`), stderr).toBe(true);
  expect(stderr.endsWith('\nSee littoral --help.\n'), stderr).toBe(true);
});

test('a configuration file that does not exist is named with its whole path', async () => {
  const cwd = await folder();
  const { code, stderr } = await littoral(['start', '--config', 'conf/billing.ts'], { cwd }).ended;
  expect(code).toBe(1);
  expect(stderr).toContain(`${join('conf', 'billing.ts')} does not exist`);
  expect(stderr).toContain(cwd);
  expect(stderr).not.toContain('    at ');
});

test.each([
  ['throws', 'littoral.config.mjs', "throw new Error('no database')", 'cannot be loaded: no database'],
  ['has no default export', 'littoral.config.ts', "export const service = 'billing'", 'has no configuration'],
])('a configuration file that %s is exit code 1 and named', async (_, name, text, message) => {
  const cwd = await folder({ [name]: text });
  const { code, stderr } = await littoral(['start'], { cwd }).ended;
  expect(code).toBe(1);
  expect(stderr).toContain(join(cwd, name));
  expect(stderr).toContain(message);
});

test('without a service name it says where to set one', async () => {
  const { code, stderr } = await littoral(['start'], { cwd: await folder() }).ended;
  expect(code).toBe(1);
  expect(stderr).toContain('service: is missing; set it in the configuration file or as SERVICE_NAME');
});

test('every fault of a configuration is told at once, with its path', async () => {
  const config = {
    servise: 'billing',
    concurrency: 0,
    http: { port: 70_000, bodyLimit: '1 MiB' },
    broker: { vhost: '/' },
  };
  const cwd = await folder({ 'littoral.config.json': JSON.stringify(config) });
  const { code, stderr } = await littoral(['start'], { cwd }).ended;
  expect(code).toBe(1);
  for (const path of ['service', 'servise', 'concurrency', 'http.port', 'http.bodyLimit', 'broker.vhost']) {
    expect(stderr).toContain(`\n- ${path}: `);
  }
  expect(stderr).not.toContain('    at ');
});

test('a PORT that is no number is refused', async () => {
  const { code, stderr } = await littoral([], { environment: { SERVICE_NAME: 'billing', PORT: 'http' } }).ended;
  expect(code).toBe(1);
  expect(stderr).toContain('- http.port: ');
});

test('a port that is taken is an error of one line', async () => {
  const cwd = await folder();
  const first = littoral(['start'], { cwd, environment: { SERVICE_NAME: 'billing', PORT: '0' } });
  const [, address] = await first.written(listening);
  const environment = { SERVICE_NAME: 'billing', PORT: new URL(address as string).port };
  const { code, stderr } = await littoral(['start'], { cwd, environment }).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^littoral: listen EADDRINUSE: .*\n$/);
});

test('in production the in-memory channel must be asked for', async () => {
  const environment = { SERVICE_NAME: 'billing', NODE_ENV: 'production', PORT: '0' };
  const cwd = await folder();
  const { code, stderr } = await littoral(['start'], { cwd, environment }).ended;
  expect(code).toBe(1);
  expect(stderr).toContain('AMQP_URL');
  expect(stderr).toContain('CHANNEL=in-memory');
  const gateway = littoral(['start'], { cwd, environment: { ...environment, CHANNEL: 'in-memory' } });
  await gateway.written(listening);
});

test('a broker URL that does not parse is refused without its password', async () => {
  const AMQP_URL = 'amqp://littoral:hunter2@127.0.0.1:567200';
  const environment = { SERVICE_NAME: 'billing', AMQP_URL, LOG_LEVEL: 'trace' };
  const { code, stdout, stderr } = await littoral([], { cwd: await folder(), environment }).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/broker/i);
  expect(stdout + stderr).not.toContain('hunter2');
});

test('a broker that cannot be reached is named without its password, and the gateway goes on', async () => {
  const [port] = await findFreePorts(1);
  const AMQP_URL = `amqp://littoral:hunter2@127.0.0.1:${port}/shop`;
  const environment = { SERVICE_NAME: 'billing', AMQP_URL, LOG_LEVEL: 'trace', PORT: '0' };
  const gateway = littoral(['start'], { cwd: await folder(), environment });
  const [, address] = await gateway.written(listening);
  await gateway.written(new RegExp(`cannot use amqp://127\\.0\\.0\\.1:${port}/shop`));
  const readiness = await fetch(`${address}/readyz`);
  expect(readiness.status).toBe(503);
  expect(await readiness.text()).not.toContain('hunter2');
  gateway.kill('SIGTERM');
  expect((await gateway.ended).code).toBe(0);
  expect(gateway.output()).not.toContain('hunter2');
});

test('a broker URL can stand in a file, but not in both', async () => {
  const cwd = await folder({ 'amqp-url': 'amqp://littoral:hunter2@127.0.0.1:5672\n' });
  const environment = { SERVICE_NAME: 'billing', AMQP_URL: 'amqp://127.0.0.1', AMQP_URL_FILE: 'amqp-url' };
  const { code, stderr } = await littoral(['start'], { cwd, environment }).ended;
  expect(code).toBe(1);
  expect(stderr).toContain('AMQP_URL and AMQP_URL_FILE are both set');
  expect(stderr).not.toContain('hunter2');
});

test('without a command and a configuration file the environment is enough; SIGTERM ends it with exit code 0', async () => {
  const gateway = littoral([], { cwd: await folder(), environment: { SERVICE_NAME: 'shop', PORT: '0' } });
  const [, address] = await gateway.written(listening);
  await gateway.written(/keeps nothing after exit/);
  expect(await (await fetch(`${address}/readyz`)).json()).toMatchObject({ service: 'shop', channel: 'in-memory' });
  gateway.kill('SIGTERM');
  const { code, stderr } = await gateway.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(gateway.output()).toContain('"signal":"SIGTERM"');
  expect(gateway.output()).toContain('"msg":"stopped"');
});

// A handler that never ends, and a shutdown that would wait for it far longer than the test does.
const stuck = `
import { defineCommandHandler } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
export default {
  service: 'billing',
  shutdownTimeoutMs: 3_600_000,
  handlers: [
    defineCommandHandler({
      routingKey: 'billing.wait',
      distributed: true,
      handle() {
        console.log('in hand');
        return new Promise(() => {});
      },
    }),
  ],
};
`;

test('a second signal ends it at once, whatever is in hand', async () => {
  const cwd = await folder({ 'littoral.config.ts': stuck });
  const gateway = littoral(['start'], { cwd, environment: { PORT: '0' } });
  const [, address] = await gateway.written(listening);
  const answer = await fetch(`${address}/commands/billing/billing.wait`, { method: 'POST' });
  expect(answer.status).toBe(202);
  await gateway.written(/in hand/);
  gateway.kill('SIGTERM');
  await gateway.written(/shutting down/);
  gateway.kill('SIGTERM');
  expect((await gateway.ended).code).toBe(1);
  expect(gateway.output()).not.toContain('"msg":"stopped"');
});

test('it ends on SIGTERM although nobody reads what it writes any more', async () => {
  const environment = { SERVICE_NAME: 'shop', PORT: '0' };
  const gateway = littoral(['start'], { cwd: await folder(), environment });
  await gateway.written(/keeps nothing after exit/);
  gateway.closeOutput();
  gateway.kill('SIGTERM');
  expect((await gateway.ended).code).toBe(0);
}, 20_000);
