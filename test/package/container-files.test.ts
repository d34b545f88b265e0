import { existsSync, readFileSync } from 'node:fs';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import type { HttpConfig } from '../../src/config/http-config.ts';
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts';
import { authority, certificate } from '../certificates.ts';
import { folderOf } from '../folder-of.ts';
import { spawnProcess } from '../spawn-process.ts';

const root = new URL('../../', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, root), 'utf8');

const dockerfile = read('Dockerfile');
const compose = read('docker-compose.yml');
const { scripts, bin, peerDependencies } = JSON.parse(read('package.json'));

/** The instructions of a Dockerfile, each on one line, without comments. */
const instructions = dockerfile
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '');
const finalStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));

function copied(lines: readonly string[]): string[] {
  const fromContext = lines.filter((line) => line.startsWith('COPY ') && !line.includes('--from='));
  return fromContext.flatMap((line) => line.split(' ').slice(1, -1));
}

/** The lines that stand under a key of the file, at any depth, without their indentation. */
function under(text: string, ...keys: readonly string[]): string[] {
  return keys.reduce(
    (lines, key) => {
      const start = lines.findIndex((line) => line.trimEnd() === `${key}:`);
      expect(start, `${keys.join('.')} in docker-compose.yml`).toBeGreaterThan(-1);
      const rest = lines.slice(start + 1);
      const end = rest.findIndex((line) => /^\S/.test(line));
      return rest.slice(0, end === -1 ? undefined : end).map((line) => line.replace(/^ {2}/, ''));
    },
    text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#')),
  );
}

const services = under(compose, 'services')
  .filter((line) => /^\w+:$/.test(line))
  .map((line) => line.slice(0, -1));

test('the Dockerfile copies files that exist, and .dockerignore lets exactly these through', () => {
  const files = copied(instructions).map((path) => path.replace(/^\.\//, ''));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) expect(existsSync(new URL(file, root)), file).toBe(true);
  const lines = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines[0]).toBe('*');
  expect(
    lines
      .slice(1)
      .map((line) => line.slice(1))
      .sort(),
  ).toEqual([...new Set(files)].sort());
});

test('the image has the packages by which telemetry is exported', () => {
  const install = instructions.find((line) => line.startsWith('RUN npm install ')) ?? '';
  const installed = [...install.matchAll(/(@opentelemetry\/[\w-]+)@\^/g)].map(([, name]) => name);
  expect(installed.sort()).toEqual(Object.keys(peerDependencies).sort());
});

test('what the build needs is copied before it', () => {
  const build = instructions.indexOf('RUN npm run build');
  const { extends: base, include } = JSON.parse(read('tsconfig.build.json'));
  const needed = ['package.json', 'tsconfig.build.json', base.replace('./', ''), ...include];
  expect(copied(instructions.slice(0, build))).toEqual(expect.arrayContaining(needed));
});

test('every npm command of the Dockerfile exists', () => {
  const commands = instructions.filter((line) => line.startsWith('RUN npm ')).map((line) => line.split(' '));
  expect(commands.length).toBeGreaterThan(0);
  for (const [, , command, script] of commands) {
    if (command === 'run') expect(scripts).toHaveProperty(script as string);
    else expect(['ci', 'prune', 'install']).toContain(command);
  }
});

test('the image holds no development dependencies, and runs as a user without rights', () => {
  expect(instructions).toContainEqual(expect.stringMatching(/^RUN npm (prune|ci) --omit=dev/));
  expect(finalStage.filter((line) => line.startsWith('RUN '))).toEqual([]);
  expect(finalStage).toContain('USER node');
  expect(finalStage.join('\n')).toMatch(/^ENV NODE_ENV=production HOST=0\.0\.0\.0/m);
});

test('the image starts what package.json names, without a shell in between, on a Node that it supports', () => {
  expect(finalStage).toContain(`ENTRYPOINT ["node", "/app/${bin.littoral}"]`);
  expect(finalStage).toContain('CMD ["start"]');
  expect(finalStage).toContain('WORKDIR /app');
  for (const line of instructions.filter((line) => line.startsWith('FROM ')))
    expect(line).toMatch(/^FROM docker\.io\/library\/node:2[24]\b/);
});

test('the health check of the image asks livez and needs nothing but node', () => {
  const check = finalStage.find((line) => line.startsWith('HEALTHCHECK '));
  expect(check).toContain('CMD ["node", "-e", ');
  expect(check).toContain('/livez');
  const [, , script] = JSON.parse(check?.slice(check.indexOf('[')) as string);
  expect(() => new Function(script)).not.toThrow();
});

test('every service of the compose file has a health check and publishes ports on loopback only', () => {
  expect(services).toEqual(['rabbitmq', 'gateway', 'application']);
  for (const service of services) {
    expect(under(compose, 'services', service, 'healthcheck')).toContainEqual(expect.stringMatching(/^test: \["CMD"/));
    // It has the ports of the gateway, with its network.
    if (service === 'application') continue;
    const ports = under(compose, 'services', service, 'ports');
    expect(ports.length).toBeGreaterThan(0);
    for (const port of ports) expect(port).toMatch(/^- "127\.0\.0\.1:\d+:\d+"$/);
  }
});

test('the gateway of the compose file waits for a healthy broker and logs in as the user it has', () => {
  expect(under(compose, 'services', 'gateway', 'depends_on', 'rabbitmq')).toEqual(['condition: service_healthy']);
  const broker = Object.fromEntries(
    under(compose, 'services', 'rabbitmq', 'environment').map((line) => line.split(': ')),
  );
  const gateway = under(compose, 'services', 'gateway', 'environment');
  const { RABBITMQ_DEFAULT_USER: user, RABBITMQ_DEFAULT_PASS: password } = broker;
  expect(gateway).toContain(`AMQP_URL: amqp://${user}:${password}@rabbitmq:5672`);
  expect(gateway).toContain('SERVICE_NAME: billing');
});

test('the gateway of the compose file posts to the application beside it, which is an example', () => {
  const application = under(compose, 'services', 'application');
  expect(application).toContain('network_mode: service:gateway');
  const [mount] = under(compose, 'services', 'application', 'volumes');
  const [, from = '', to = ''] = /^- (\S+):(\/\w+):ro$/.exec(mount as string) ?? [];
  const [, path = ''] = /^command: \["python", "(.+)"\]$/m.exec(application.join('\n')) ?? [];
  expect(path.startsWith(`${to}/`)).toBe(true);
  const program = read(path.replace(to, from));

  const gateway = under(compose, 'services', 'gateway', 'environment').map((line) => line.split(': '));
  const {
    APPLICATION_URL: url = '',
    APPLICATION_COMMANDS: command,
    APPLICATION_EVENTS: event,
  } = Object.fromEntries(gateway);
  const { hostname, port } = new URL(url);
  expect(program).toContain(`("${hostname}", ${port})`);
  expect(program).toContain(`/events/${event}`);
  expect(read('examples/3-any-language/README.md')).toContain(`APPLICATION_COMMANDS=${command}`);
});

test('the application of the compose file does not wait until the gateway is healthy', () => {
  expect(under(compose, 'services', 'application', 'depends_on', 'gateway')).toContain('condition: service_started');
  expect(under(compose, 'services', 'gateway', 'depends_on').filter((line) => /^\w+:$/.test(line))).toEqual([
    'rabbitmq:',
  ]);
});

describe('the containers of the compose file', () => {
  const { services: parsed } = parse(compose, { merge: true });

  test('gain no privileges, and have no capability that their start does not need', () => {
    for (const { cap_drop, cap_add = [], security_opt } of Object.values<Record<string, unknown>>(parsed)) {
      expect(cap_drop).toEqual(['ALL']);
      expect(security_opt).toEqual(['no-new-privileges:true']);
      for (const name of cap_add as string[])
        expect(['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID']).toContain(name);
    }
    expect(Object.keys(parsed).filter((name) => parsed[name].cap_add !== undefined)).toEqual(['rabbitmq']);
  });

  test('write to no file system of their own, except for the broker', () => {
    expect(Object.keys(parsed).filter((name) => parsed[name].read_only !== true)).toEqual(['rabbitmq']);
    expect(parsed.application.user).toBe('65534:65534');
  });
});

describe('the health check of the image', () => {
  const check = finalStage.find((line) => line.startsWith('HEALTHCHECK ')) ?? '';
  const [, , script] = JSON.parse(check.slice(check.indexOf('['))) as string[];

  async function exitCode(http: HttpConfig, variables: (gateway: Gateway) => Record<string, string>) {
    const settings = { service: 'shop', http: { port: 0, drainDelayMs: 0, ...http } };
    const gateway = createGateway(settings, { environment: {}, logger: pino({ level: 'silent' }) });
    onTestFinished(() => gateway.stop());
    await gateway.listen();
    const ended = spawnProcess(process.execPath, ['-e', script as string], { environment: variables(gateway) }).ended;
    return (await ended).code;
  }
  const portOf = (app: Gateway['management']) => new URL(app?.listeningOrigin ?? '').port;

  test('reaches a gateway, and its listener for operators', async () => {
    expect(await exitCode({}, ({ app }) => ({ PORT: portOf(app) }))).toBe(0);
    const management = { port: 0 };
    const variables = (gateway: Gateway) => ({ PORT: '1', MANAGEMENT_PORT: portOf(gateway.management) });
    expect(await exitCode({ management }, variables)).toBe(0);
  });

  test('reaches a gateway with TLS', async () => {
    const { cert, key } = await certificate('gateway.example', await authority());
    const folder = folderOf({ 'tls.crt': cert, 'tls.key': key });
    const tls = { certFile: `${folder}/tls.crt`, keyFile: `${folder}/tls.key` };
    expect(await exitCode({ tls }, ({ app }) => ({ PORT: portOf(app), TLS_CERT_FILE: tls.certFile }))).toBe(0);
    expect(await exitCode({ tls }, ({ app }) => ({ PORT: portOf(app) }))).toBe(1);
  });
});
