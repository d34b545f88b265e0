import { connect } from 'amqplib';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { waitingTexts } from '../engine/amqp/amqp-harness.ts';
import { billing } from './billing.ts';

const vhost = useVhost();
const deadLetters = 'distributed_billing_dead_letter';

afterEach(() => billing(vhost).empty());

/** The service with these as its dead letters, by their bodies. */
async function failed(texts: readonly string[], headers: object = {}) {
  const service = billing(vhost);
  await service.fill();
  const connection = await connect(vhost.url);
  const channel = await connection.createConfirmChannel();
  for (const text of texts) {
    const known = {
      'ecotone.distributed.payloadType': 'command',
      'ecotone.distributed.routingKey': 'work',
      'ecotone.distributed.targetServiceName': 'billing',
      'ecotone-class': 'TypeError',
      'exception-message': `of ${text}`,
      'x-littoral-endpoint': 'work',
      'x-littoral-dead-lettered-at': 1_700_000_000_000,
    };
    const properties = {
      persistent: true,
      messageId: text,
      contentType: 'text/plain',
      headers: { ...known, ...headers },
    };
    channel.publish('', deadLetters, Buffer.from(text), properties);
  }
  await channel.waitForConfirms();
  await connection.close();
  return service;
}

const texts = (queue: string) => waitingTexts(vhost.url, queue);

test('deadletter:list prints a table, page by page', async () => {
  const service = await failed(['a', 'b', 'c']);
  const first = await service.littoral('deadletter:list', '--limit', '2', '--routing-key', 'w*').ended;
  expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: '' });
  const [head, ...rows] = first.stdout.split('\n');
  expect(head).toMatch(/^ID +WHEN +ROUTING KEY +ENDPOINT +ERROR$/);
  expect(rows[0]).toMatch(/^[0-9a-f-]{36} {2}2023-11-14T22:13:20.000Z {2}work +work +TypeError: of a$/);
  const after = /--after (\S+)/.exec(first.stdout)?.[1] ?? '';
  const second = await service.littoral('deadletter:list', '--after', after).ended;
  expect(second.stdout).toMatch(/TypeError: of c\n$/);
  expect(second.stdout).not.toContain('of b');
  expect(await texts(deadLetters)).toEqual(['a', 'b', 'c']);
});

test('one is shown, replayed, and deleted', async () => {
  const service = await failed(['a', 'b', 'c']);
  const { stdout } = await service.littoral('deadletter:list', '--json').ended;
  const { items, next } = JSON.parse(stdout);
  expect(next).toBeNull();
  const [a, b] = items.map(({ id }: { id: string }) => id);
  const shown = await service.littoral('deadletter:show', a).ended;
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(/^id: +[0-9a-f-]{36}\n.*error: +TypeError: of a\n.*headers:\n.*payload:\na\n$/s);
  expect(await service.littoral('deadletter:replay', a).ended).toMatchObject({ code: 0, stdout: 'Replayed.\n' });
  expect(await service.littoral('deadletter:delete', b).ended).toMatchObject({ code: 0, stdout: 'Deleted.\n' });
  expect(await texts('distributed_billing')).toEqual(['a']);
  expect(await texts(deadLetters)).toEqual(['c']);
  const again = await service.littoral('deadletter:replay', a).ended;
  expect(again).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/code: dead-letter-not-found\n$/) });
});

test('all that match are replayed', async () => {
  const service = await failed(['a', 'b', 'c']);
  const none = await service.littoral('deadletter:replayAll', '--error', 'RangeError').ended;
  expect(none).toMatchObject({ code: 0, stdout: '0 replayed.\n', stderr: '' });
  const some = await service.littoral('deadletter:replayAll', '--limit', '2', '--error', 'Type*').ended;
  expect(some).toMatchObject({ code: 0, stdout: '2 replayed.\n', stderr: '' });
  const rest = await service.littoral('deadletter:replayAll', '--json').ended;
  expect({ code: rest.code, ...JSON.parse(rest.stdout) }).toEqual({ code: 0, replayed: 1, failed: 0 });
  expect(await texts('distributed_billing')).toEqual(['a', 'b', 'c']);
});

test('what a message says cannot write on the terminal', async () => {
  const service = await failed(['\u001b[2Jx'], {
    'exception-message': '\u001b]0;title\u0007',
    '\u009bname': 'x\u202e',
  });
  for (const args of [['deadletter:list'], ['deadletter:list', '--json']]) {
    const { stdout } = await service.littoral(...args).ended;
    expect(stdout).toContain('\\u001b]0;title\\u0007');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  }
});

test('a replay that is interrupted ends in order, and says how many were replayed', async () => {
  const service = await failed(Array.from({ length: 3000 }, (_, index) => String(index)));
  const replay = service.littoral('deadletter:replayAll');
  await eventually(async () => expect(await service.waiting()).toBeGreaterThan(0), {
    timeoutMs: 60_000,
    intervalMs: 5,
  });
  replay.kill('SIGINT');
  const { code, stdout } = await replay.ended;
  const replayed = Number(/^(\d+) replayed/.exec(stdout)?.[1]);
  // It may have been faster than the signal.
  expect({ code, stdout }).toEqual(
    replayed < 3000
      ? { code: 1, stdout: `${replayed} replayed, then interrupted.\n` }
      : { code: 0, stdout: '3000 replayed.\n' },
  );
  await eventually(async () => expect(await service.waiting()).toBe(replayed));
  await eventually(async () => expect(await service.deadLetters()).toBe(3000 - replayed));
});
