import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { version } from '../../src/version.ts';
import { runCommand } from '../broker/run-command.ts';
import { spawnProcess } from '../spawn-process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
/** A project that has littoral installed, from the package as it would be published, and nothing else. */
let project: string;
let installed: string;
let packed: readonly string[];

const compare = `
import { defineCommandHandler, LittoralError, parameterConverter } from 'littoral';

/** Whether an error that the running gateway throws is one of the class that this file imports. */
const sameClass = parameterConverter('same class', ({ conversion }) => () => {
  try {
    return conversion.decode(new TextEncoder().encode('{'), 'application/json') === undefined;
  } catch (error) {
    return error instanceof LittoralError;
  }
});

export const compare = defineCommandHandler({
  routingKey: 'billing.compare',
  distributed: true,
  parameters: [sameClass],
  handle: (same) => console.log('same class:', same),
});
`;

const handlers = `${compare}
import Type from 'typebox';

export const add = defineCommandHandler({
  routingKey: 'billing.add',
  distributed: true,
  payload: Type.Object({ a: Type.Integer(), b: Type.Integer() }),
  handle: ({ a, b }) => console.log('the sum is', a + b),
});
`;

const withoutLibraries = `${compare}
export default { service: 'billing', handlers: [compare] };
`;

const config = (extension: string) => `
import { defineConfig } from 'littoral';
import { add, compare } from './handlers.${extension}';

export default defineConfig({ service: 'billing', handlers: [add, compare] });
`;

const consumer = `
import {
  type Config, createGateway, defineCommandHandler, defineConfig, defineEventHandler, type DistributedBus, type Gateway,
  type HandlerDefinition, header, headers, isLittoralError, LittoralError, loadHandlers, type MediaTypeConverter, payload,
} from 'littoral';
import Type from 'typebox';

const change = defineCommandHandler({
  routingKey: 'billing.change',
  payload: Type.Object({ amount: Type.Integer() }),
  handle: ({ amount }, { executorId }) => amount.toFixed() + String(executorId),
});
defineCommandHandler({
  routingKey: 'billing.change',
  payload: Type.Object({ amount: Type.Integer() }),
  // @ts-expect-error: had the types not been found, this would be any
  handle: ({ amount }) => amount.trim(),
});
defineEventHandler({
  routingKey: 'billing.*',
  parameters: [payload(Type.String()), header('attempt', Type.Number()), headers()],
  handle: (text, attempt, all) => [text.trim(), attempt.toFixed(), all.anything],
});
const upperCase: MediaTypeConverter = {
  name: 'upper case',
  matches: (source, target) => source.essence === 'text/plain' && target.essence === 'text/upper',
  convert: (text) => String(text).toUpperCase(),
};
const handlers: readonly HandlerDefinition[] = [change];
export const config: Config = defineConfig({ service: 'billing', handlers, converters: [upperCase] });
const files: Config = defineConfig({ service: 'billing', handlers: ['./handlers/*.ts', change] });
export const found: readonly HandlerDefinition[] = await loadHandlers(files.handlers, { baseUrl: import.meta.url });
export const gateway: Gateway = createGateway(config, { environment: {} });
gateway.app.get('/mine', async (request) => request.url);
export async function send(bus: DistributedBus): Promise<string> {
  try {
    return (await bus.sendCommand('billing', 'billing.change', '{"amount":1}', 'application/json')).messageId;
  } catch (error) {
    return isLittoralError(error) && error instanceof LittoralError ? error.code : 'unknown';
  }
}
`;

const userTest = `
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asValue } from 'awilix';
import { configurationVariable, defineCommandHandler, payload, reference } from 'littoral';
import { startTestGateway } from 'littoral/testing';
import Type from 'typebox';

class Rates {
  of(currency: string): number {
    return currency.length;
  }
}

declare module 'littoral' {
  interface References {
    rates: Rates;
  }
  interface ConfigurationVariables {
    multiplier: number;
  }
}

const exchange = defineCommandHandler({
  routingKey: 'bank.exchange',
  distributed: true,
  parameters: {
    amount: payload(Type.Number()),
    rates: reference(),
    multiplier: configurationVariable(),
    bus: reference('distributedBus'),
  },
  handle: ({ amount, rates, multiplier, bus }) =>
    bus.convertAndPublishEvent('bank.exchanged', (amount * rates.of('EUR') * multiplier).toFixed(2)),
});
const parameters = { rates: reference('rates'), multiplier: configurationVariable('multiplier') };
defineCommandHandler({
  routingKey: 'bank.wrong',
  parameters,
  // @ts-expect-error: the service is known by its type
  handle: ({ rates }) => rates.at('EUR'),
});
defineCommandHandler({
  routingKey: 'bank.wrong',
  parameters,
  // @ts-expect-error: the configuration variable is a number
  handle: ({ multiplier }) => multiplier.trim(),
});
// @ts-expect-error: no such service was declared
reference('raets');

const config = { service: 'bank', handlers: [exchange], configuration: { multiplier: 10 } };

test('an amount is exchanged', async () => {
  await using bank = await startTestGateway(config, {
    container: (container) => container.register({ rates: asValue(new Rates()) }),
  });
  await bank.sendCommand('bank.exchange', 2);
  assert.equal(bank.published[0]?.payload, '60.00');
});
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'littoral-package-'));
  project = join(folder, 'project');
  installed = join(project, 'node_modules', 'littoral');
  await mkdir(project);
  // The package was built before the tests began. Building it again would remove it from under other tests.
  await npm(root, 'pack', '--ignore-scripts', '--pack-destination', folder);
  const tarball = join(folder, (await readdir(folder)).find((name) => name.endsWith('.tgz')) as string);
  packed = (await runCommand('tar', ['tzf', tarball])).trim().split('\n');
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  await npm(project, 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball);
}, 300_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** npm as in a shell in that folder: what `npm test` sets for its own folder would lead it back here. */
async function npm(cwd: string, ...args: string[]): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_config_.*prefix$/i.test(name)));
  return runCommand('npm', ['--prefix', cwd, ...args], { env, timeoutMs: 240_000 });
}

function littoral(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return spawnProcess(join(project, 'node_modules', '.bin', 'littoral'), args, { cwd: project, environment });
}

test('the package holds what was built, and nothing else', () => {
  const kinds = /^package\/(package\.json|README\.md|LICENSE|dist\/(src|routes)\/[\w/-]+\.(js|js\.map|d\.ts))$/;
  expect(packed.filter((file) => !kinds.test(file))).toEqual([]);
  for (const file of [
    'package.json',
    'README.md',
    'LICENSE',
    'dist/src/cli.js',
    'dist/src/index.d.ts',
    'dist/src/testing.d.ts',
  ]) {
    expect(packed).toContain(`package/${file}`);
  }
});

test('every source map brings its sources along, and nothing names the folder it was built in', async () => {
  for (const file of packed.map((name) => name.replace('package/', ''))) {
    const text = await readFile(join(installed, file), 'utf8');
    expect(text.includes(root), file).toBe(false);
    if (!file.endsWith('.map')) continue;
    const { sources, sourcesContent } = JSON.parse(text);
    expect(sourcesContent, file).toHaveLength(sources.length);
    for (const source of sources) {
      expect(relative(installed, resolve(installed, dirname(file), source)), file).not.toMatch(/^\.\./);
    }
  }
});

test('npx littoral prints its version', async () => {
  expect(await npm(project, 'exec', '--offline', '--', 'littoral', '--version')).toBe(`${version}\n`);
});

test('the command shows its usage, refuses wrong usage with 2, and a missing service name with 1', async () => {
  const [help, unknown, nameless] = await Promise.all([
    littoral(['--help']).ended,
    littoral(['begin']).ended,
    littoral(['start']).ended,
  ]);
  expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage:'), stderr: '' });
  expect(unknown).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('littoral --help') });
  expect(nameless).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('SERVICE_NAME') });
});

describe.each(['ts', 'mjs'])('a project with a configuration in .%s', (extension) => {
  const name = `littoral.config.${extension}`;
  beforeAll(async () => {
    await writeFile(join(project, `handlers.${extension}`), handlers);
    await writeFile(join(project, name), config(extension));
    return () => Promise.all([rm(join(project, name)), rm(join(project, `handlers.${extension}`))]);
  });

  test('runs its handlers in the one copy of the package, and ends on SIGTERM with exit code 0', async () => {
    const gateway = littoral(['start'], { PORT: '0' });
    const [, address] = await gateway.written(/listening on (http:\/\/127\.0\.0\.1:\d+)/);
    const post = (key: string) =>
      fetch(`${address}/commands/billing/${key}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"a":1,"b":2}',
      });
    expect(await (await post('billing.add')).json()).toMatchObject({ routed: true, channel: 'in-memory' });
    expect((await post('billing.compare')).status).toBe(202);
    await gateway.written(/the sum is 3/);
    await gateway.written(/same class: true/);
    gateway.kill('SIGTERM');
    const { code, stderr } = await gateway.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

test.each(['ts', 'mjs', 'json'])(
  'a configuration in .%s finds handlers in TypeScript by a pattern',
  async (extension) => {
    const cwd = join(project, `pattern-${extension}`);
    await mkdir(join(cwd, 'handlers', 'deep'), { recursive: true });
    const name = `littoral.config.${extension}`;
    const code = "export default { service: 'billing', handlers: './handlers/**/*.ts' };";
    const json = '{ "service": "billing", "handlers": "./handlers/**/*.ts" }';
    await writeFile(join(cwd, name), extension === 'json' ? json : code);
    await writeFile(join(cwd, 'handlers', 'handlers.ts'), handlers);
    await writeFile(join(cwd, 'handlers', 'deep', 'again.ts'), "export { add as default } from '../handlers.ts';");
    const bin = join(project, 'node_modules', '.bin', 'littoral');
    const { code: exitCode, stdout, stderr } = await spawnProcess(bin, ['list'], { cwd }).ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.split('\n').map((line) => line.split(/\s+/)[1])).toEqual([
      'HANDLER',
      'billing.add',
      'billing.compare',
      undefined,
    ]);
    const gateway = spawnProcess(bin, ['start', '--config', join(cwd, name)], {
      cwd: folder,
      environment: { PORT: '0' },
    });
    const [, address] = await gateway.written(/listening on (http:\/\/127\.0\.0\.1:\d+)/);
    await fetch(`${address}/commands/billing/billing.compare`, { method: 'POST' });
    await gateway.written(/same class: true/);
  },
);

test('a program finds handlers in files with loadHandlers, and its classes are those of the program', async () => {
  const cwd = join(project, 'library');
  await mkdir(join(cwd, 'handlers'), { recursive: true });
  await writeFile(join(cwd, 'handlers', 'handlers.ts'), handlers);
  const program = `
    import { createGateway, loadHandlers } from 'littoral';
    const handlers = await loadHandlers('./handlers/*.ts', { baseUrl: import.meta.url });
    const config = { service: 'billing', channel: 'in-memory', logLevel: 'silent', handlers };
    const { distributedBus, start } = createGateway(config, { environment: {} });
    await start();
    await distributedBus.sendCommand('billing', 'billing.compare', '');
  `;
  await writeFile(join(cwd, 'program.mjs'), program);
  const { code, stdout, stderr } = await spawnProcess(process.execPath, ['library/program.mjs'], { cwd: project })
    .ended;
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'same class: true\n', stderr: '' });
});

// As with a global installation: what the file imports can be found in the running gateway alone.
test.each(['ts', 'mjs'])('a configuration in .%s outside of every project runs as well', async (extension) => {
  const outside = join(folder, `outside-${extension}`);
  await mkdir(outside);
  await writeFile(join(outside, `littoral.config.${extension}`), withoutLibraries);
  const gateway = spawnProcess(join(project, 'node_modules', '.bin', 'littoral'), ['start'], {
    cwd: outside,
    environment: { PORT: '0' },
  });
  const [, address] = await gateway.written(/listening on (http:\/\/127\.0\.0\.1:\d+)/);
  await fetch(`${address}/commands/billing/billing.compare`, { method: 'POST' });
  await gateway.written(/same class: true/);
});

test('a program uses it as a library', async () => {
  const program = `
    import { createGateway, defineConfig } from 'littoral';
    const config = defineConfig({ service: 'shop', channel: 'in-memory', logLevel: 'silent' });
    const { app, start, stop } = createGateway(config, { environment: {} });
    await start();
    const [ready, document] = [await app.inject('/readyz'), await app.inject('/openapi.json')];
    console.log(ready.statusCode, document.json().info.version);
    await stop();
  `;
  await writeFile(join(project, 'program.mjs'), program);
  const { code, stdout, stderr } = await spawnProcess(process.execPath, ['program.mjs'], { cwd: project }).ended;
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `200 ${version}\n`, stderr: '' });
});

describe('TypeScript', () => {
  beforeAll(async () => {
    // Fastify's types need those of Node, which the package leaves to the project, as Fastify does.
    await mkdir(join(project, 'node_modules', '@types'), { recursive: true });
    for (const name of ['@types/node', 'undici-types']) {
      await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name));
    }
  });

  /** @returns what the compiler has to say; the types of the libraries are checked as well */
  async function compile(files: readonly string[], options: Readonly<Record<string, unknown>>): Promise<string> {
    const compilerOptions = {
      module: 'NodeNext',
      target: 'ES2023',
      lib: ['ES2024'],
      types: ['node'],
      strict: true,
      skipLibCheck: false,
      ...options,
    };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    return runCommand(process.execPath, [compiler, '--project', project], { timeoutMs: 240_000 });
  }

  test('a program compiles against its types', async () => {
    await writeFile(join(project, 'consumer.ts'), consumer);
    await writeFile(join(project, 'handlers.ts'), handlers);
    await writeFile(join(project, 'littoral.config.ts'), config('ts'));
    const files = ['consumer.ts', 'littoral.config.ts'];
    expect(await compile(files, { noEmit: true, allowImportingTsExtensions: true })).toBe('');
  });

  test('a project declares its services and variables, and tests its handlers', async () => {
    await writeFile(join(project, 'exchange.test.ts'), userTest);
    expect(await compile(['exchange.test.ts'], {})).toBe('');
    const { code, stdout } = await spawnProcess(process.execPath, ['exchange.test.js'], { cwd: project }).ended;
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('an amount is exchanged') });
  });
});
