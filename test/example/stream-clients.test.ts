import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
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
});
