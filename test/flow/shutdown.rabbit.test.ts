import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { connect } from 'amqplib';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { useVhost } from '../broker/use-vhost.ts';
import { entry, littoral } from '../cli/littoral.ts';
import { waitingTexts } from '../engine/amqp/amqp-harness.ts';
import { folderOf } from '../folder-of.ts';

const vhost = useVhost();
const queue = 'distributed_billing';
const deadLetterQueue = 'distributed_billing_dead_letter';

afterEach(async () => {
  for (const name of [queue, deadLetterQueue]) await vhost.deleteQueue(name);
});

/** The service `billing`, whose handler of the command `work` does what its text says. */
function configFile(settings: Readonly<Record<string, unknown>>): string {
  return `
    import { abortSignal, defineCommandHandler, payload, reference } from ${entry};

    const aborted = (signal) => new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    const work = defineCommandHandler({
      routingKey: 'work',
      distributed: true,
      parameters: [payload(), abortSignal(), reference('distributedBus')],
      async handle(text, signal, bus) {
        if (text === 'quick') return;
        console.log('in hand', text);
        if (text.startsWith('hang')) await new Promise(() => {});
        await aborted(signal);
        if (text === 'block') for (;;);
        if (text === 'fail') throw signal.reason;
        await bus.publishEvent('work.done', text);
        console.log('finished', text);
      },
    });
    export default { service: 'billing', handlers: [work], ...${JSON.stringify(settings)} };
  `;
}

/** The command line in a folder with that configuration. */
function start(settings: Readonly<Record<string, unknown>>, args: readonly string[] = ['start'], url = vhost.url) {
  const cwd = folderOf({ 'littoral.config.mjs': configFile(settings) });
  return littoral(args, { cwd, environment: { AMQP_URL: url, PORT: '0' } });
}

type Process = ReturnType<typeof start>;

/** The address, once the gateway is ready. */
async function ready(gateway: Process): Promise<string> {
  const [, address] = await gateway.written(/listening on (http:\/\/127\.0\.0\.1:\d+)/);
  await gateway.written(/"role":"publishing",.*connected to the broker/);
  await gateway.written(/"queue":"distributed_billing",.*"consuming"/);
  return address as string;
}

async function sendTo(address: string, ...texts: string[]): Promise<void> {
  for (const body of texts) {
    const headers = { 'content-type': 'text/plain' };
    const answer = await fetch(`${address}/commands/billing/work`, { method: 'POST', headers, body });
    expect(answer.status).toBe(202);
  }
}

/** A queue on the bus that nobody consumes. */
async function listen(name: string, key: string): Promise<void> {
  const connection = await connect(vhost.url);
  const channel = await connection.createChannel();
  await channel.assertExchange('ecotone.distributed', 'topic', { durable: true });
  await channel.assertQueue(name, { durable: true });
  await channel.bindQueue(name, 'ecotone.distributed', key);
  await connection.close();
}

/** A connection on which requests can be written as they are. */
async function openSocket(address: string) {
  const socket = connectTcp(Number(new URL(address).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  return {
    write: (text: string) => void socket.write(text.replaceAll('\n', '\r\n')),
    answer: () => new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString()))),
    ended: new Promise((resolve) => socket.once('close', resolve)),
  };
}

test('callers notice it first: the port stays open, is not ready, refuses what is to be sent, and is alive', async () => {
  const gateway = start({ shutdownTimeoutMs: 30_000, http: { drainDelayMs: 10_000 } });
  const address = await ready(gateway);
  const keptAlive = await openSocket(address);
  keptAlive.write('GET /livez HTTP/1.1\nHost: localhost\n\n');
  expect(await keptAlive.answer()).not.toMatch(/connection: close/i);
  const idle = await openSocket(address);
  gateway.kill('SIGTERM');
  await gateway.written(/shutting down/);

  const readiness = await fetch(`${address}/readyz`);
  expect(readiness.status).toBe(503);
  expect(await readiness.json()).toMatchObject({ code: 'not-ready', detail: expect.stringContaining('shutting down') });
  const liveness = await fetch(`${address}/livez`);
  expect([liveness.status, liveness.headers.get('connection')]).toEqual([200, 'close']);
  keptAlive.write('POST /events/a HTTP/1.1\nHost: localhost\nContent-Length: 0\n\n');
  const refused = await keptAlive.answer();
  expect(refused).toMatch(/^HTTP\/1\.1 503 /);
  expect(refused).toMatch(/^connection: close\r$/im);
  expect(refused).toMatch(/^retry-after: 1\r$/im);
  expect(refused).toContain('"code":"draining"');
  expect(refused).toContain('"outcome":"not-accepted"');

  await Promise.all([keptAlive.ended, idle.ended]);
  expect((await gateway.ended).code).toBe(0);
  await expect(fetch(`${address}/livez`)).rejects.toThrow();
});

test('running handlers finish, and what they send is published', async () => {
  await listen('distributed_other', 'work.done');
  const gateway = start({});
  const address = await ready(gateway);
  // Only once one has been handled there are several in hand.
  await sendTo(address, 'quick', 'a', 'b');
  await gateway.written(/in hand a/);
  await gateway.written(/in hand b/);
  gateway.kill('SIGTERM');
  const { code, stdout } = await gateway.ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/finished a/);
  expect(stdout).toMatch(/finished b/);
  expect((await waitingTexts(vhost.url, 'distributed_other')).sort()).toEqual(['a', 'b']);
  expect([await vhost.messages(queue), await vhost.messages(deadLetterQueue)]).toEqual([0, 0]);
});

describe.each([
  ['start', ['start']],
  ['run', ['run', 'billing', '-v']],
])('what does not finish in time is given back in its order, and is no dead letter: %s', (_, args) => {
  test.each([
    ['a handler that hangs', ['hang 0', 'hang 1', 'hang 2', 'hang 3', 'hang 4']],
    ['handlers that hear of it, beside one that hangs', ['fail', 'hang 1', 'fail', 'hang 3', 'hang 4']],
  ])('%s', async (_case, commands) => {
    const gateway = start({ shutdownTimeoutMs: 1000, concurrency: 4 }, args);
    await gateway.written(/"queue":"distributed_billing",.*"consuming"/);
    // After the first one there can be several in hand, and the last one stays in the queue.
    const sender = start({}, ['start', '--no-consume']);
    const [, address] = await sender.written(/listening on (http:\/\/127\.0\.0\.1:\d+)/);
    await sender.written(/"role":"publishing",.*connected to the broker/);
    await sendTo(address as string, 'quick', ...commands);
    await gateway.written(new RegExp(`in hand ${commands[3]}`));
    gateway.kill('SIGTERM');
    expect((await gateway.ended).code).toBe(0);
    expect(await waitingTexts(vhost.url, queue)).toEqual(commands);
    expect(await vhost.messages(deadLetterQueue)).toBe(0);
  });
});

test('a handler that blocks the process from then on cannot keep it alive', async () => {
  const gateway = start({ shutdownTimeoutMs: 1000 });
  const address = await ready(gateway);
  await sendTo(address, 'block');
  await gateway.written(/in hand block/);
  gateway.kill('SIGTERM');
  expect((await gateway.ended).code).toBeNull();
});

describe('it ends in good order', () => {
  test('while its configuration is being loaded', async () => {
    const file = "console.log('loading'); await new Promise((resolve) => setTimeout(resolve, 3_600_000));";
    const gateway = littoral(['start'], { cwd: folderOf({ 'littoral.config.mjs': file }) });
    await gateway.written(/loading/);
    gateway.kill('SIGTERM');
    expect(await gateway.ended).toEqual({ code: 0, stdout: 'loading\n', stderr: '' });
  });

  test.each([[['start']], [['run', 'billing', '-v']]])('while the broker has not answered yet: %j', async (args) => {
    const silent = createServer();
    const connected = new Promise((resolve) => silent.once('connection', resolve));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const gateway = start({ shutdownTimeoutMs: 1000 }, args, `amqp://127.0.0.1:${port}`);
    await connected;
    gateway.kill('SIGTERM');
    expect(await gateway.ended).toMatchObject({ code: 0, stderr: '' });
  });

  test('while a request is half in, which is cut off', async () => {
    const gateway = start({ shutdownTimeoutMs: 1000 });
    const address = await ready(gateway);
    const socket = await openSocket(address);
    socket.write('POST /events/a HTTP/1.1\nHost: localhost\nContent-Type: text/plain\nContent-Length: 10\n\nabc');
    await fetch(`${address}/livez`);
    gateway.kill('SIGTERM');
    await socket.ended;
    expect((await gateway.ended).code).toBe(0);
  });
});
