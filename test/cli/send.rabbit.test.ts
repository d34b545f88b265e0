import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { waitingMessages } from '../engine/amqp/amqp-harness.ts';
import { billing } from './billing.ts';

const vhost = useVhost();
const uuid = /^[0-9a-f-]{36}$/;

afterEach(() => billing(vhost).empty());

/** The one message that waits for the service. */
async function arrived() {
  const messages = await waitingMessages(vhost.url, 'distributed_billing');
  expect(messages).toHaveLength(1);
  const [{ headers, body } = expect.unreachable()] = messages;
  return { headers, text: Buffer.from(body).toString() };
}

describe('littoral send', () => {
  test('prints the receipt as one line of JSON when the broker has confirmed the command', async () => {
    const service = billing(vhost);
    await service.fill();
    const { code, stdout, stderr } = await service.littoral('send', 'billing', 'work', '{"a":1}').ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\{.*\}\n$/);
    const receipt = JSON.parse(stdout);
    const { headers, text } = await arrived();
    expect(receipt).toEqual({
      messageId: expect.stringMatching(uuid),
      correlationId: receipt.messageId,
      routed: true,
      channel: 'rabbitmq',
    });
    expect(text).toBe('{"a":1}');
    expect(headers).toMatchObject({ id: receipt.messageId, contentType: 'application/json' });
  });

  test('delays a command, which a process of the service sends when it is due', async () => {
    const service = billing(vhost);
    await service.fill();
    const { code, stdout } = await service.littoral('send', 'billing', 'work', 'later', '--delay', '100').ended;
    expect({ code, receipt: JSON.parse(stdout) }).toMatchObject({ code: 0, receipt: { routed: true } });
    await eventually(async () => expect(await vhost.messages('littoral_billing_due')).toBe(1));
    const run = await service.littoral('run', 'billing', '--handledMessageLimit', '1').ended;
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('handled later') });
  });

  test('sends headers and options along', async () => {
    const service = billing(vhost);
    await service.fill();
    const id = '019f8a1e-8c0a-7c3e-9d51-2f1a7f3f2f10';
    const headers = ['--header', 'executorId: 7', '-H', 'url:http://a:b@c', '-H', 'empty:'];
    const options = ['--contentType', 'text/csv', '--id', id, '--correlation-id', 'order 7', '--priority', '3'];
    const { code, stdout } = await service.littoral('send', ...headers, 'billing', 'work', 'a;b', ...options).ended;
    expect({ code, receipt: JSON.parse(stdout) }).toMatchObject({
      code: 0,
      receipt: { messageId: id, correlationId: 'order 7' },
    });
    const arrival = await arrived();
    expect(arrival.text).toBe('a;b');
    expect(arrival.headers).toMatchObject({
      id,
      correlationId: 'order 7',
      contentType: 'text/csv',
      priority: 3,
      executorId: '7',
      url: 'http://a:b@c',
      empty: '',
    });
  });

  test.each([
    ['without a payload', ['billing', 'work'], '{"a":\n1}\n'],
    ['for -', ['billing', 'work', '-'], '[1]'],
  ])('reads standard input %s, byte for byte', async (_, args, input) => {
    const service = billing(vhost);
    await service.fill();
    const { code } = await service.littoralReading(input, 'send', ...args).ended;
    expect(code).toBe(0);
    expect(await arrived()).toMatchObject({ text: input, headers: { contentType: 'application/json' } });
  });

  test('sends what begins with a dash after --', async () => {
    const service = billing(vhost);
    await service.fill();
    const { code } = await service.littoral(
      'send',
      '--contentType=text/x',
      '--',
      'billing',
      'work',
      '--handledMessageLimit',
    ).ended;
    expect(code).toBe(0);
    expect(await arrived()).toMatchObject({ text: '--handledMessageLimit', headers: { contentType: 'text/x' } });
  });

  test.each([
    ['no such destination', ['absent', 'work', 'x'], 1, 'destination-not-found', "No service 'absent' on this bus"],
    ['a payload that is no JSON', ['billing', 'work', '{"a":'], 1, 'malformed-body', '--contentType text/plain'],
    ['a reserved header', ['billing', 'work', 'x', '-H', 'replyChannel:x'], 2, 'reserved-header', "'replyChannel'"],
  ])('is an exit code with code and outcome on standard error for %s', async (_, args, exit, code, message) => {
    const { stderr } = await refused(args, exit);
    expect(stderr).toContain(message);
    expect(stderr.endsWith(`\ncode: ${code}, outcome: not-accepted\n`), stderr).toBe(true);
  });

  test.each([
    ['an id that is none', ['billing', 'work', 'x', '--id', '7'], '--id', 'not a UUID'],
    ['a media type of parts', ['billing', 'work', 'x', '-t', 'multipart/mixed'], '--contentType', 'has parts'],
    ['a media type that is none', ['billing', 'work', 'x', '--contentType', 'json'], '--contentType', 'json'],
    ['a wildcard in a key', ['billing', 'work.*', 'x'], 'routingKey', 'wildcard'],
  ])('is exit code 2, and the name of the argument, for %s', async (_, args, name, message) => {
    const { stderr } = await refused(args, 2);
    expect(stderr).toContain(name);
    expect(stderr).toContain(message);
  });

  async function refused(args: readonly string[], exit: number) {
    const service = billing(vhost);
    await service.fill();
    const { code, stdout, stderr } = await service.littoral('send', ...args).ended;
    expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
    await eventually(async () => expect(await service.waiting()).toBe(0));
    return { stderr };
  }
});

describe('littoral publish', () => {
  test('publishes to the subscribers', async () => {
    const service = billing(vhost);
    await service.fill();
    const { code, stdout } = await service.littoral('publish', 'done', 'now', '--timeToLive', '60000').ended;
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, routed: true });
    expect(await arrived()).toMatchObject({ text: 'now', headers: { contentType: 'text/plain' } });
  });

  test('succeeds without a subscriber', async () => {
    const service = billing(vhost);
    await service.fill();
    const { code, stdout } = await service.littoral('publish', 'nobody.listens', 'now').ended;
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, routed: false });
  });
});
