import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { TestGateway } from '../../src/testing.ts';
import { keysOf } from '../http/auth/callers.ts';
import { portOf } from '../http/exchange.ts';
import { openGateway, openQueue } from '../http/gateway-fixture.ts';
import { isOnPath } from '../is-on-path.ts';
import { spawnProcess } from '../spawn-process.ts';

const readme = readFileSync(new URL('../../examples/4-stream/README.md', import.meta.url), 'utf8');
const root = new URL('../..', import.meta.url).pathname;

/** The programs that the page lists. */
const clients = [...readme.matchAll(/^\| (\w+) \| `(.*?)` \|/gm)].map(([, language = '', line = '']) => ({
  language,
  line,
}));

const entry = (n: number) => JSON.stringify({ kind: 'event', routingKey: 'order.placed', payload: { n } });

test('has a client for curl, Node and Python', () => {
  expect(clients.map(({ language }) => language)).toEqual(['curl', 'Node', 'Python']);
});

describe.each(clients)('the stream client for $language', ({ language, line }) => {
  const [program = '', ...args] = line.split(' ');
  const needed = language === 'curl' ? 'curl' : program;

  test.skipIf(!isOnPath(needed))('sends what it reads, and shows the result', async () => {
    const gateway = await openGateway();
    const arrived = openQueue(gateway, 'orders', ['order.#']);
    const port = await portOf(gateway);
    const count = 2000;
    const input = `${Array.from({ length: count }, (_, n) => entry(n)).join('\n')}\n{}\n`;
    const own = args.map((arg) => arg.replace('3000', String(port)));
    const { stdout, stderr } = await spawnProcess(program, own, { cwd: root, input }).ended;
    expect(stderr).toBe('');
    const lines = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(lines.at(-1)).toEqual({ notice: 'end', reason: 'complete', next: count + 1, accepted: count, failed: 1 });
    expect(lines.at(-2)).toMatchObject({ index: count, code: 'invalid-entry' });
    expect(arrived()).toHaveLength(count);
  });

  test.skipIf(!isOnPath(needed))('exits with 0 only if all entries are confirmed, and needs a key', async () => {
    const gateway = await openGateway();
    openQueue(gateway, 'orders', ['order.#']);
    const port = await portOf(gateway);
    const own = args.map((arg) => arg.replace('3000', String(port)));
    const codeOf = async (input: string, line = own) =>
      (await spawnProcess(program, line, { cwd: root, input }).ended).code;
    expect(await codeOf(`${entry(0)}\n${entry(1)}\n`)).toBe(0);
    expect(await codeOf(`${entry(0)}\n{}\n`)).toBe(1);
    expect(await codeOf('', own.slice(0, -1))).not.toBe(0);
  });

  const isProgram = language !== 'curl';

  test.skipIf(!isOnPath(needed))('shows why a stream is refused', async () => {
    const gateway = await openGateway({ auth: { keys: keysOf({ key: ['event:*'] }) } });
    const port = await portOf(gateway);
    const own = args.map((arg) => arg.replace('3000', String(port)));
    const { stdout, stderr, code } = await spawnProcess(program, own, { cwd: root, input: `${entry(0)}\n` }).ended;
    expect(JSON.parse(stdout)).toMatchObject({ status: 401, code: 'unauthorized' });
    if (isProgram) expect(stderr).toBe('Nothing was sent: the gateway answered with 401.\n');
    expect(code).not.toBe(0);
  });

  test.skipIf(!isOnPath(needed)).each([
    ['stops', (gateway: TestGateway) => gateway.stop(), true],
    ['breaks the connection', (gateway: TestGateway) => gateway.app.server.closeAllConnections(), false],
  ] as const)('shows where to go on if the gateway %s', async (_, end, hasEnd) => {
    const gateway = await openGateway({ http: { drainDelayMs: 0 } });
    openQueue(gateway, 'orders', ['order.#']);
    const port = await portOf(gateway);
    const own = args.map((arg) => arg.replace('3000', String(port)));
    const client = spawnProcess(program, own, { cwd: root });
    client.write(`${Array.from({ length: 10 }, (_, n) => entry(n)).join('\n')}\n{}\n`);
    // curl reads an answer only after it has read something from its input.
    const writing = setInterval(() => client.write(' '), 20);
    await client.written(/"index":10,.*\n/);
    const stopped = end(gateway);
    const ended = await client.ended.finally(() => clearInterval(writing));
    await stopped;
    const lines = ended.stdout.trim().split('\n');
    if (hasEnd) expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ reason: 'draining', next: 11 });
    else expect(lines.at(-1)).toContain('"index":10,');
    expect(ended.code).toBe(1);
    if (!isProgram) return;
    // `http.client` reports some broken connections as the end of the answer.
    expect(ended.stderr).toMatch(/^(The connection broke: .+\n)?Resume from entry 11, with the same key\.\n$/);
  });
});
