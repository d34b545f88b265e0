import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'amqplib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Broker } from './broker.ts';
import { eventually } from './eventually.ts';
import { findProcessesByHome } from './processes-by-home.ts';
import { startBroker } from './start-broker.ts';
import { untilDurable } from './until-durable.ts';

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker();
}, 600_000);

beforeEach(() => broker.restore());

afterAll(async () => {
  await broker?.close();
});

async function publishConfirmed(queue: string, text: string): Promise<void> {
  const connection = await connect(broker.url);
  try {
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue(queue, { durable: true });
    await untilDurable();
    channel.sendToQueue(queue, Buffer.from(text), { persistent: true });
    await channel.waitForConfirms();
  } finally {
    await connection.close();
  }
}

async function take(queue: string): Promise<string | undefined> {
  const connection = await connect(broker.url);
  try {
    const channel = await connection.createChannel();
    channel.on('error', () => {}); // The call that failed throws it.
    const message = await channel.get(queue, { noAck: true });
    return message ? message.content.toString() : undefined;
  } finally {
    await connection.close();
  }
}

test('a confirmed persistent message survives kill and start', async () => {
  await publishConfirmed('killed', 'still here');
  await broker.kill();
  await expect(connect(broker.url)).rejects.toThrow('ECONNREFUSED');
  await broker.start();
  expect(await take('killed')).toBe('still here');
});

test('a confirmed persistent message survives stop and start', async () => {
  await publishConfirmed('stopped', 'still here');
  await broker.stop();
  await expect(connect(broker.url)).rejects.toThrow('ECONNREFUSED');
  await broker.start();
  expect(await take('stopped')).toBe('still here');
});

test('a paused broker does not answer until it is resumed', async () => {
  await broker.pause();
  try {
    await expect(connect(broker.url, { timeout: 500 })).rejects.toThrow('ETIMEDOUT');
  } finally {
    await broker.resume();
  }
  await publishConfirmed('resumed', 'answered');
  expect(await take('resumed')).toBe('answered');
});

test('a broker that a failed test left frozen or down is restored', async () => {
  await broker.pause();
  await broker.restore();
  await publishConfirmed('restored', 'still here');
  await broker.kill();
  await broker.restore();
  expect(await take('restored')).toBe('still here');
});

test('rabbitmqctl talks to the private node', async () => {
  expect(await broker.rabbitmqctl('list_users', '--silent')).toContain('guest');
  await expect(broker.rabbitmqctl('no_such_command')).rejects.toThrow('no_such_command');
});

test('evaluates Erlang, and throws what fails there', async () => {
  expect(await broker.evaluate('[Sum] = [2 + 3], Sum * 2')).toBe('10');
  await expect(broker.evaluate('lists:no_such_function()')).rejects.toThrow('no_such_function');
  await expect(broker.evaluate('1 +')).rejects.toThrow('syntax error');
});

test('close leaves neither processes nor files', async () => {
  const home = JSON.parse(await broker.evaluate('os:getenv("HOME")'));
  const pids = findProcessesByHome(home);
  const commands = pids.map(commandOf).join('\n');
  for (const program of ['beam.smp', 'epmd', 'erl_child_setup', 'inet_gethost']) expect(commands).toContain(program);

  await broker.close();

  expect(existsSync(home)).toBe(false);
  await eventually(() => expect(pids.map(commandOf).filter(Boolean)).toEqual([]));
});

/** The command line of a process; undefined when it has ended, also when nobody has asked for its exit code yet. */
function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') || undefined;
  } catch {
    return undefined;
  }
}
