import { renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { folderOf } from '../folder-of.ts';
import { littoral } from './littoral.ts';

const config = (settings: object) =>
  JSON.stringify({ service: 'shop', http: { port: 0, drainDelayMs: 0 }, ...settings });
const token = (name: string) => `a-token-of-the-operators-${name}`;

interface Running {
  readonly gateway: ReturnType<typeof littoral>;
  readonly address: string;
  readonly cwd: string;
  /** Returns how often the log matches. */
  readonly count: (pattern: RegExp) => number;
}

async function running(files: Record<string, string>, environment: Record<string, string> = {}): Promise<Running> {
  const cwd = folderOf(files);
  const gateway = littoral([], { cwd, environment });
  const [, address = ''] = await gateway.written(/listening on (http:\/\/127\.0\.0\.1:\d+)/);
  await gateway.written(/keeps nothing after exit/);
  const count = (pattern: RegExp) => gateway.output().match(new RegExp(pattern, 'g'))?.length ?? 0;
  return { gateway, address, cwd, count };
}

function deadLetters(address: string, bearer: string): Promise<number> {
  const headers = { authorization: `Bearer ${bearer}` };
  return fetch(`${address}/dead-letters`, { headers }).then(({ status }) => status);
}

describe('a running gateway', () => {
  test('reloads its configuration on SIGHUP, and names the settings that need a restart', async () => {
    const { gateway, cwd } = await running({ 'littoral.config.json': config({ logLevel: 'info' }) });
    writeFileSync(
      join(cwd, 'littoral.config.json'),
      config({ logLevel: 'debug', concurrency: 3, retries: { jitter: 1 } }),
    );
    gateway.kill('SIGHUP');
    await gateway.written(/"changed":\["logLevel"\].*configuration reloaded/);
    await gateway.written(/"settings":\["concurrency","retries\.jitter"\].*changed settings need a restart/);
    gateway.kill('SIGTERM');
    expect((await gateway.ended).code).toBe(0);
  });

  test('reloads its configuration when a link above the file leads elsewhere', async () => {
    const [one, two] = [1, 2].map((version) =>
      folderOf({ 'littoral.config.json': config({ http: { port: 0, adminToken: token(String(version)) } }) }),
    ) as [string, string];
    const cwd = folderOf();
    symlinkSync(one, join(cwd, '..data'));
    symlinkSync(join('..data', 'littoral.config.json'), join(cwd, 'littoral.config.json'));
    const gateway = littoral([], { cwd });
    const [, address = ''] = await gateway.written(/listening on (http:\/\/127\.0\.0\.1:\d+)/);
    expect(await deadLetters(address, token('1'))).toBe(200);
    symlinkSync(two, join(cwd, '..next'));
    renameSync(join(cwd, '..next'), join(cwd, '..data'));
    await eventually(async () => expect(await deadLetters(address, token('2'))).toBe(200));
    expect(await deadLetters(address, token('1'))).toBe(401);
    expect(gateway.output()).not.toContain(token('2'));
  });

  test('reloads the file of the admin token when it changes', async () => {
    const ADMIN_TOKEN_FILE = join(folderOf({ token: token('first') }), 'token');
    const { address } = await running({ 'littoral.config.json': config({}) }, { ADMIN_TOKEN_FILE });
    expect(await deadLetters(address, token('first'))).toBe(200);
    writeFileSync(ADMIN_TOKEN_FILE, token('second'));
    await eventually(async () => expect(await deadLetters(address, token('second'))).toBe(200));
    expect(await deadLetters(address, token('first'))).toBe(401);
  });

  test('reloads everything that a file in TypeScript imports', async () => {
    const { gateway, cwd, address } = await running({
      'package.json': '{ "type": "module" }',
      'littoral.config.ts': `
        import { adminToken } from './secrets.ts';
        const settings: { readonly adminToken: string } = { adminToken };
        export default { service: 'shop', http: { port: 0, ...settings } };`,
      'secrets.ts': `export { adminToken } from './deeper.ts';`,
      'deeper.ts': `export const adminToken: string = '${token('one')}';`,
    });
    expect(await deadLetters(address, token('one'))).toBe(200);
    for (const name of ['two', 'three']) {
      writeFileSync(join(cwd, 'deeper.ts'), `export const adminToken: string = '${token(name)}';`);
      gateway.kill('SIGHUP');
      await eventually(async () => expect(await deadLetters(address, token(name))).toBe(200));
    }
  });
});

describe('a reload', () => {
  test('names no setting that stayed as it was, functions included', async () => {
    const { gateway, count } = await running({
      'littoral.config.mjs': `
        import { defineCommandHandler } from 'littoral';
        import { hello } from './hello.mjs';
        export default {
          service: 'shop',
          http: { port: 0 },
          container(services) { void services; },
          handlers: [hello, defineCommandHandler({ routingKey: 'bye', distributed: true, handle: (payload) => payload })],
        };`,
      'hello.mjs': `
        import { defineCommandHandler } from 'littoral';
        export const hello = defineCommandHandler({ routingKey: 'hello', distributed: true, handle() {} });`,
    });
    gateway.kill('SIGHUP');
    await gateway.written(/"changed":\[\].*configuration reloaded/);
    gateway.kill('SIGTERM');
    await gateway.ended;
    expect(count(/need a restart/)).toBe(0);
  });

  test('keeps the earlier configuration if the new one is not valid, and logs all that is wrong', async () => {
    const { gateway, cwd, address } = await running({
      'littoral.config.json': config({ http: { port: 0, adminToken: token('old') } }),
    });
    const wrong = config({ logLevel: 'loud', http: { port: 0, adminToken: token('new') }, concurrency: 0 });
    writeFileSync(join(cwd, 'littoral.config.json'), wrong);
    gateway.kill('SIGHUP');
    const [line] = await gateway.written(/.*configuration not reloaded; the earlier one stays.*/);
    expect(line).toMatch(/concurrency/);
    expect(line).toMatch(/logLevel/);
    expect(await deadLetters(address, token('old'))).toBe(200);
    expect(await deadLetters(address, token('new'))).toBe(401);
  });

  test('takes a file that was half written once it is whole', async () => {
    const { gateway, cwd, address } = await running({
      'littoral.config.json': config({ http: { port: 0, adminToken: token('old') } }),
    });
    const whole = config({ http: { port: 0, adminToken: token('new') } });
    writeFileSync(join(cwd, 'littoral.config.json'), whole.slice(0, 30));
    await gateway.written(/it is not JSON.*configuration not reloaded/);
    writeFileSync(join(cwd, 'littoral.config.json'), whole);
    await eventually(async () => expect(await deadLetters(address, token('new'))).toBe(200));
  });

  test('waits for the one before, and many at once end in few', async () => {
    const { gateway, cwd, count } = await running({
      'package.json': '{ "type": "module" }',
      'littoral.config.ts': `
        console.log('begins');
        await new Promise((resolve) => setTimeout(resolve, 100));
        console.log('ends');
        export default { service: 'shop', http: { port: 0 } };`,
    });
    expect(cwd).toBeTruthy();
    for (let signal = 0; signal < 20; signal += 1) gateway.kill('SIGHUP');
    await gateway.written(/configuration reloaded/);
    await eventually(() => expect(count(/configuration reloaded/)).toBe(count(/\bbegins\b/) - 1));
    expect(
      gateway
        .output()
        .match(/\b(?:begins|ends)\b/g)
        ?.join(' '),
    ).toMatch(/^(begins ends ?)+$/);
  });

  test('drops no request and no message', async () => {
    const { gateway, address, cwd, count } = await running({ 'littoral.config.json': config({ logLevel: 'info' }) });
    const statuses = new Map<number, number>();
    let isOver = false;
    const load = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const { status } = await fetch(`${address}/events/a`, { method: 'POST' });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    });
    for (const level of ['debug', 'info', 'debug']) {
      const before = count(/configuration reloaded/);
      writeFileSync(join(cwd, 'littoral.config.json'), config({ logLevel: level }));
      gateway.kill('SIGHUP');
      await eventually(() => expect(count(/configuration reloaded/)).toBeGreaterThan(before));
    }
    isOver = true;
    await Promise.all(load);
    expect([...statuses.keys()]).toEqual([202]);
    gateway.kill('SIGTERM');
    expect((await gateway.ended).code).toBe(0);
  });
});
