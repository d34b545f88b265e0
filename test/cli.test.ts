import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { version } from '../src/version.ts';
import { findFreePorts } from './broker/free-ports.ts';
import { entry, littoral } from './cli/littoral.ts';
import { folderOf } from './folder-of.ts';

const listening = /listening on (http:\/\/127\.0\.0\.1:\d+)/;

test.each([[['--help']], [['help']], [['-h']]])(
  'shows its commands and its environment when asked: %j',
  async (args) => {
    const { code, stdout, stderr } = await littoral(args).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['start', 'list', 'run', 'send', 'publish'])
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    const page = readFileSync(new URL('../docs/settings.md', import.meta.url), 'utf8');
    const variables = [...page.matchAll(/^\| `([A-Z_]+)` \| `/gm)].map(([, name = '']) => name);
    expect(variables).toEqual(expect.arrayContaining(['AMQP_URL_FILE', 'APPLICATION_URL', 'AUTH', 'LOG_LEVEL']));
    expect(new Set(variables).size).toBe(variables.length);
    for (const name of variables) expect(stdout).toMatch(new RegExp(`\\b${name}\\b`));
  },
);

test.each([[['run', '--help']], [['help', 'run']]])('shows the options of a command when asked: %j', async (args) => {
  const { code, stdout, stderr } = await littoral(args).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('Usage: littoral run [options] <endpoint>');
  const names = ['handledMessageLimit', 'executionTimeLimit', 'finishWhenNoMessages', 'memoryLimit', 'stopOnFailure'];
  for (const name of [...names, 'verbose', 'config']) expect(stdout).toContain(`--${name} `);
});

test('prints its version', async () => {
  expect(await littoral(['--version']).ended).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test.each([
  ['an unknown command', ['begin'], "unknown command 'begin'", '--help'],
  ['a misspelt command', ['pubish'], "unknown command 'pubish'\n(Did you mean publish?)", '--help'],
  ['help for an unknown command', ['help', 'nope'], "unknown command 'nope'", '--help'],
  ['help for a misspelt command', ['pubish', '--help'], "unknown command 'pubish'\n(Did you mean publish?)", '--help'],
  ['an unknown option', ['start', '--verbose'], "unknown option '--verbose'", 'start --help'],
  [
    'a misspelt option',
    ['run', 'billing', '--handledMessagesLimit', '3'],
    "unknown option '--handledMessagesLimit'\n(Did you mean --handledMessageLimit?)",
    'run --help',
  ],
  ['an argument too many', ['start', 'billing'], "too many arguments for 'start'", 'start --help'],
  ['an argument too few', ['send', 'billing'], "missing required argument 'routingKey'", 'send --help'],
  ['an option without its value', ['--config'], "option '-c, --config <file>' argument missing", 'start --help'],
  [
    'a number that is none',
    ['run', 'billing', '--memory-limit', '1e3'],
    "option '--memoryLimit <megabytes>' argument '1e3' is invalid. It is not an integer from 1 to",
    'run --help',
  ],
  [
    'a header without a name',
    ['publish', 'key', '--header', ':7'],
    "option '-H, --header <name:value>'",
    'publish --help',
  ],
])('wrong usage is exit code 2 and points to the help: %s', async (_, args, message, help) => {
  const { code, stdout, stderr } = await littoral(args).ended;
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.startsWith(`littoral: ${message}`), stderr).toBe(true);
  expect(stderr.endsWith(`\nSee littoral ${help}.\n`), stderr).toBe(true);
});

test.each<[string[], string, string]>([
  [
    ['publish', 'a', 'x', '--id', '7'],
    "option '--id <uuid>' argument '7' is invalid. The message id is not a UUID.",
    'publish',
  ],
  [
    ['publish', 'a', 'x', '--correlationId', ''],
    "option '--correlationId <text>' argument '' is invalid. It is empty.",
    'publish',
  ],
  [
    ['publish', 'a', 'x', '--contentType', 'json'],
    "option '-t, --contentType <type>' argument 'json' is invalid. \"json\" is not a media type",
    'publish',
  ],
  [['publish', '', 'x'], "command-argument value '' is invalid for argument 'routingKey'. It is empty.", 'publish'],
  [
    ['send', 'billing*', 'b', 'x'],
    "command-argument value 'billing*' is invalid for argument 'destination'. It has a wildcard",
    'send',
  ],
  [['send', '--batch', ''], "option '--batch <file>' argument '' is invalid. It is empty.", 'send'],
  [['send', '--batch', '-', '--failed', ''], "option '--failed <file>' argument '' is invalid. It is empty.", 'send'],
  [
    ['send', '--batch', '-', '--idempotencyKey', ''],
    "option '--idempotencyKey <key>' argument '' is invalid. It is empty.",
    'send',
  ],
  [['list', '--config', ''], "option '-c, --config <file>' argument '' is invalid. It is empty.", 'list'],
  [['deadletter:show', ''], "command-argument value '' is invalid for argument 'id'. It is empty.", 'deadletter:show'],
  [
    ['deadletter:list', '--after', 'x'],
    "option '--after <cursor>' argument 'x' is invalid. 'after' is not what an earlier page gave as 'next'.",
    'deadletter:list',
  ],
  [
    ['deadletter:replayAll', '--error', ''],
    "option '--error <pattern>' argument '' is invalid. It is empty.",
    'deadletter:replayAll',
  ],
  [
    ['deadletter:replayAll', '--routingKey', ''],
    "option '--routingKey <pattern>' argument '' is invalid. It is empty.",
    'deadletter:replayAll',
  ],
  [
    ['auth:check', 'x', 'GET', '/', '--certificate', ''],
    "option '--certificate <name>' argument '' is invalid. It is empty.",
    'auth:check',
  ],
])('an invalid value is exit code 2, and its argument is named: %j', async (args, message, command) => {
  const environment = { SERVICE_NAME: 'billing', AMQP_URL: 'amqp://127.0.0.1:1' };
  const { code, stdout, stderr } = await littoral(args, { cwd: folderOf(), environment }).ended;
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.startsWith(`littoral: ${message}`), stderr).toBe(true);
  expect(stderr.endsWith(`\nSee littoral ${command} --help.\n`), stderr).toBe(true);
});

test('a configuration file that does not exist is named with its whole path', async () => {
  const cwd = folderOf();
  const { code, stderr } = await littoral(['start', '--config', 'conf/billing.ts'], { cwd }).ended;
  expect(code).toBe(2);
  expect(stderr).toContain("option '-c, --config <file>'");
  expect(stderr).toContain(`${join('conf', 'billing.ts')} does not exist`);
  expect(stderr).toContain(cwd);
  expect(stderr).not.toContain('    at ');
});

test.each([
  ['throws', 'littoral.config.mjs', "throw new Error('no database')", 'cannot be loaded: no database'],
  ['has no default export', 'littoral.config.ts', "export const service = 'billing'", 'has no configuration'],
])('a configuration file that %s is exit code 1 and named', async (_, name, text, message) => {
  const cwd = folderOf({ [name]: text });
  const { code, stderr } = await littoral(['start'], { cwd }).ended;
  expect(code).toBe(1);
  expect(stderr).toContain(join(cwd, name));
  expect(stderr).toContain(message);
});

// Only a process of its own has them: vitest reads the files of its tests itself.
test.each([
  [
    'imports what is not exported',
    { 'littoral.config.mjs': "\nimport { b } from './b.mjs';", 'b.mjs': '' },
    'littoral.config.mjs:2.',
  ],
  [
    'imports a file with a broken syntax',
    { 'littoral.config.mjs': "import './b.cjs';", 'b.cjs': 'exports.a = 1;\nexports.b = ;' },
    'b.cjs:2.',
  ],
])('a configuration file that %s is described with the line', async (_, files, place) => {
  const cwd = folderOf(files as unknown as Record<string, string>);
  const { code, stderr } = await littoral(['list'], { cwd }).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^littoral: The configuration file .*littoral\.config\.mjs cannot be loaded: /);
  expect(stderr.trimEnd().endsWith(`, at ${join(cwd, place)}`), stderr).toBe(true);
});

test('without a service name it says where to set one', async () => {
  const { code, stderr } = await littoral(['start'], { cwd: folderOf() }).ended;
  expect(code).toBe(1);
  expect(stderr).toContain('service: is missing; set it in the configuration file or as SERVICE_NAME');
});

test('every issue of a configuration is reported at once, with its path', async () => {
  const config = {
    servise: 'billing',
    concurrency: 0,
    http: { port: 70_000, bodyLimit: '1 MiB' },
    broker: { vhost: '/' },
  };
  const cwd = folderOf({ 'littoral.config.json': JSON.stringify(config) });
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
  expect(stderr).toContain('- PORT (http.port): ');
});

test('a port that is taken is an error of one line', async () => {
  const cwd = folderOf();
  const first = littoral(['start'], { cwd, environment: { SERVICE_NAME: 'billing', PORT: '0' } });
  const [, address] = await first.written(listening);
  const environment = { SERVICE_NAME: 'billing', PORT: new URL(address as string).port };
  const { code, stderr } = await littoral(['start'], { cwd, environment }).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^littoral: Cannot listen on 127\.0\.0\.1:\d+: the port is in use\. Set PORT .*\n$/);
});

test('in production the in-memory channel must be asked for', async () => {
  const environment = { SERVICE_NAME: 'billing', NODE_ENV: 'production', PORT: '0' };
  const cwd = folderOf();
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
  const { code, stdout, stderr } = await littoral([], { cwd: folderOf(), environment }).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/broker/i);
  expect(stdout + stderr).not.toContain('hunter2');
});

test('a broker that cannot be reached is named without its password, and the gateway goes on', async () => {
  const [port] = await findFreePorts(1);
  const AMQP_URL = `amqp://littoral:hunter2@127.0.0.1:${port}/shop`;
  const environment = { SERVICE_NAME: 'billing', AMQP_URL, LOG_LEVEL: 'trace', PORT: '0' };
  const gateway = littoral(['start'], { cwd: folderOf(), environment });
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
  const cwd = folderOf({ 'amqp-url': 'amqp://littoral:hunter2@127.0.0.1:5672\n' });
  const environment = { SERVICE_NAME: 'billing', AMQP_URL: 'amqp://127.0.0.1', AMQP_URL_FILE: 'amqp-url' };
  const { code, stderr } = await littoral(['start'], { cwd, environment }).ended;
  expect(code).toBe(1);
  expect(stderr).toContain('AMQP_URL and AMQP_URL_FILE are both set');
  expect(stderr).not.toContain('hunter2');
});

test('without a command and a configuration file the environment is enough; SIGTERM ends it with exit code 0', async () => {
  const gateway = littoral([], { cwd: folderOf(), environment: { SERVICE_NAME: 'shop', PORT: '0' } });
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
import { defineCommandHandler } from ${entry};
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

test('a second signal ends it at once, whatever is unacknowledged', async () => {
  const cwd = folderOf({ 'littoral.config.ts': stuck });
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

test('it ends on SIGTERM although its output is not read any more', async () => {
  const environment = { SERVICE_NAME: 'shop', PORT: '0' };
  const gateway = littoral(['start'], { cwd: folderOf(), environment });
  await gateway.written(/keeps nothing after exit/);
  gateway.closeOutput();
  gateway.kill('SIGTERM');
  expect((await gateway.ended).code).toBe(0);
});

test('handlers of files that a configuration in JSON names are called', async () => {
  const handlers = `
    import { defineCommandHandler } from ${entry};
    export const hello = defineCommandHandler({
      routingKey: 'billing.hello',
      distributed: true,
      handle: (name: string) => console.log('hello', name),
    });
  `;
  const config = { service: 'billing', handlers: './handlers/**/*.ts' };
  const cwd = folderOf({ 'conf/littoral.config.json': JSON.stringify(config), 'conf/handlers/in/hello.ts': handlers });
  const gateway = littoral(['--config', 'conf/littoral.config.json'], { cwd, environment: { PORT: '0' } });
  const [, address] = await gateway.written(listening);
  const headers = { 'content-type': 'text/plain' };
  await fetch(`${address}/commands/billing/billing.hello`, { method: 'POST', headers, body: 'Ada' });
  await gateway.written(/hello Ada/);
  const { endpoints } = (await (await fetch(`${address}/endpoints`)).json()) as { endpoints: unknown[] };
  expect(endpoints).toMatchObject([{ name: 'billing', handlers: [{ endpointId: 'billing.hello' }] }]);
});

test('what is wrong with files of handlers is exit code 1 and reported together', async () => {
  const config = { service: 'billing', handlers: ['./handlers/*.mjs', './misspelt/*.mjs'] };
  const cwd = folderOf({
    'littoral.config.json': JSON.stringify(config),
    'handlers/a.mjs': "throw new Error('no database')",
    'handlers/b.mjs': 'export const =',
  });
  const { code, stderr } = await littoral([], { cwd }).ended;
  expect(code).toBe(1);
  expect(stderr).toContain(`\n- ${join(cwd, 'handlers', 'a.mjs')} cannot be loaded: no database`);
  expect(stderr).toContain(`\n- ${join(cwd, 'handlers', 'b.mjs')} cannot be loaded: `);
  expect(stderr).toContain(`\n- './misspelt/*.mjs' matches no file in ${cwd}`);
  expect(stderr).not.toContain('    at ');
});

test('a file of handlers that waits for what never comes is exit code 1', async () => {
  const config = JSON.stringify({ service: 'billing', handlers: './*.mjs' });
  const cwd = folderOf({ 'littoral.config.json': config, 'a.mjs': 'await new Promise(() => {});' });
  const { code, stderr } = await littoral(['list'], { cwd }).ended;
  expect(code).toBe(1);
  expect(stderr).toContain('did not finish loading');
});
