import { readFileSync } from 'node:fs';
import { defineEventHandler, headers, type MessageHeaders, payload } from 'littoral';
import { pino } from 'pino';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { findFreePorts } from '../broker/free-ports.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { post, runGateway } from '../flow/gateway-fixture.ts';
import { folderOf } from '../folder-of.ts';
import { isOnPath } from '../is-on-path.ts';
import { type SpawnedProcess, spawnProcess } from '../spawn-process.ts';

const vhost = useVhost();
const folder = new URL('../../examples/3-any-language/', import.meta.url);
const readme = readFileSync(new URL('README.md', folder), 'utf8');
const command = { personId: '123', billingDetails: '01111' };

/** The variables that the page sets before a command. */
function variablesOf(npmScript: string): Readonly<Record<string, string>> {
  const line = readme.split('\n').find((text) => text.endsWith(` npm run ${npmScript}`)) ?? '';
  return Object.fromEntries([...line.matchAll(/([A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value]));
}

/** The programs that the page lists, each with the command that starts it. */
const programs = [...readme.matchAll(/^\| (\w+) \| `(\S+ .*?)` \|/gm)].map(([, language = '', line = '']) => {
  const start = line.replace('examples/3-any-language/', '').split(' ');
  return { language, start, name: start.at(-1) as string };
});

/** Runs a program of the example on ports of its own. */
function run(
  name: string,
  start: readonly string[],
  { own, gateway }: { own: number; gateway: number },
): SpawnedProcess {
  const text = readFileSync(new URL(name, folder), 'utf8');
  const written = text.replaceAll('127.0.0.1:3000', `127.0.0.1:${gateway}`).replaceAll(/\b8080\b/g, String(own));
  const [executable = '', ...args] = start.map((part) => part.replace('8080', String(own)));
  return spawnProcess(executable, args, { cwd: folderOf({ [name]: written }) });
}

/** A service that listens to the event of the example. */
async function listen(service: string) {
  const events: [unknown, MessageHeaders][] = [];
  const handler = defineEventHandler({
    routingKey: 'billing.detailsWereChanged',
    distributed: true,
    parameters: [payload(Type.Object({ personId: Type.String() })), headers()],
    handle: (event, received) => void events.push([event, received]),
  });
  await runGateway({ service, broker: { url: vhost.url }, handlers: [handler] });
  return events;
}

/** A gateway that its environment alone configures, and its log. */
async function gatewayOf(environment: Readonly<Record<string, string>>) {
  const log: Record<string, unknown>[] = [];
  const logger = pino({ base: undefined }, { write: (line: string) => log.push(JSON.parse(line)) });
  const config = { retries: { initialDelayMs: 1 } };
  const gateway = await runGateway(config, {
    logger,
    environment: { ...environment, AMQP_URL: vhost.url },
  });
  return { gateway, log };
}

describe('the example', () => {
  test('has a program in each language that its page lists', () => {
    expect(programs.map(({ language }) => language)).toEqual(['Python', 'PHP', 'Go', 'Ruby', 'Java']);
  });

  test.each(programs)('in $language has fewer than 30 lines', ({ name }) => {
    const lines = readFileSync(new URL(name, folder), 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeLessThan(30);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(120);
  });
});

describe.each(programs)('a billing service in $language', ({ language, name, start }) => {
  const isMissing = !isOnPath(start[0] as string);
  test.skipIf(isMissing)(
    `handles a command at the second attempt, and its event inherits (needs ${start[0]})`,
    async () => {
      const [own = 0] = await findFreePorts(1);
      const events = await listen(`ledger-${language}`);
      const { gateway, log } = await gatewayOf({
        ...variablesOf('sidecar'),
        APPLICATION_URL: `http://127.0.0.1:${own}`,
      });
      const application = run(name, start, { own, gateway: Number(new URL(gateway.address).port) });
      const sent = await post(gateway, '/commands/billing/billing.changeDetails', command, {
        'message-correlation-id': `changes-${language}`,
        'message-header-executor-id': 'alice',
      });
      expect(sent.status).toBe(202);
      // A compiler may run first.
      await eventually(() => expect(events, application.output()).toHaveLength(1), { timeoutMs: 180_000 });
      expect(events[0]).toMatchObject([
        { personId: '123' },
        { correlationId: `changes-${language}`, parentId: sent.body.messageId, executorId: 'alice' },
      ]);
      const failures = log.filter(({ endpointId, attempts }) => endpointId === 'billing.changeDetails' && attempts);
      expect(failures).toMatchObject([
        { messageId: sent.body.messageId, attempts: 1, reason: 'The application answered 500' },
      ]);
      await application.written(/alice changed the details of person 123/);
      expect(application.output()).toMatch(/person 123 (now has the billing details 01111|has new billing details)/);
    },
  );
});

describe('a billing service in bash', () => {
  test.skipIf(!isOnPath('bash') || !isOnPath('curl'))(
    'pulls a command, handles it at the second attempt, and its event inherits (needs bash and curl)',
    async () => {
      const events = await listen('ledger-bash');
      const { gateway, log } = await gatewayOf({
        ...variablesOf('sidecar'),
        APPLICATION_URL: '',
        APPLICATION_PULL: 'true',
      });
      const port = Number(new URL(gateway.address).port);
      const application = run('billing.sh', ['bash', 'billing.sh'], { own: 0, gateway: port });
      const sent = await post(gateway, '/commands/billing/billing.changeDetails', command, {
        'message-correlation-id': 'changes-bash',
        'message-header-executor-id': 'alice',
      });
      expect(sent.status).toBe(202);
      await application.written(/alice changed the details of person 123/);
      expect(application.output()).toContain('person 123 now has the billing details 01111');
      await eventually(() => expect(events).toHaveLength(1));
      expect(events[0]).toMatchObject([
        { personId: '123' },
        { correlationId: 'changes-bash', parentId: sent.body.messageId, executorId: 'alice' },
      ]);
      const failures = log.filter(({ endpointId, attempts }) => endpointId === 'billing.changeDetails' && attempts);
      expect(failures).toMatchObject([{ messageId: sent.body.messageId, attempts: 1 }]);
    },
  );
});
