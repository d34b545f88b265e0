import { connect } from 'amqplib';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { billing, logLines, times } from './billing.ts';

const vhost = useVhost();

afterEach(() => billing(vhost).empty());

/** How many messages the handler finished. */
function handled(stdout: string): number {
  return stdout.split('\n').filter((line) => line.startsWith('handled ')).length;
}

describe('--handledMessageLimit', () => {
  test.each([
    ['fewer than are handled at once', 3, 8],
    ['as many as are handled at once', 4, 9],
    ['more than are handled at once', 7, 12],
    ['one', 1, 2],
  ])('takes exactly so many messages, and none more, off the queue: %s', async (_, limit, total) => {
    const service = billing(vhost);
    await service.fill(...times(total));
    const { code, stdout, stderr } = await service.littoral('run', 'billing', '--handledMessageLimit', String(limit))
      .ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(handled(stdout)).toBe(limit);
    await eventually(async () => expect(await service.waiting()).toBe(total - limit));
    await eventually(async () => expect(await service.deadLetters()).toBe(0));
  });

  test('counts those that fail', async () => {
    const service = billing(vhost);
    await service.fill('fail', 'ok', 'ok');
    const { code } = await service.littoral('run', 'billing', '--handled-message-limit=2').ended;
    expect(code).toBe(0);
    await eventually(async () => expect(await service.waiting()).toBe(1));
    await eventually(async () => expect(await service.deadLetters()).toBe(1));
  });
});

describe('--finishWhenNoMessages', () => {
  test('ends once everything is handled', async () => {
    const service = billing(vhost);
    await service.fill(...times(30), 'wait');
    const { code, stdout } = await service.littoral('run', 'billing', '--finishWhenNoMessages').ended;
    expect(code).toBe(0);
    expect(handled(stdout)).toBe(31);
    await eventually(async () => expect(await service.waiting()).toBe(0));
  });

  test('ends at once on an empty queue, which it has declared', async () => {
    const service = billing(vhost);
    const { code, stdout, stderr } = await service.littoral('run', 'billing', '--finish-when-no-messages').ended;
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    await eventually(async () => expect(await service.waiting()).toBe(0));
  });
});

test('--executionTimeLimit ends it after that time; no message is lost', async () => {
  const service = billing(vhost, 1);
  await service.fill(...times(20, 'wait'));
  const { code, stdout } = await service.littoral('run', 'billing', '-v', '--executionTimeLimit', '1500').ended;
  expect(code).toBe(0);
  const reason = '1500 ms have passed';
  expect(logLines(stdout)).toContainEqual(expect.objectContaining({ msg: 'ending', reason }));
  await eventually(async () => expect(await service.waiting()).toBe(20 - handled(stdout)));
});

test('--memoryLimit ends it after the message that finds the process larger', async () => {
  const service = billing(vhost, 1);
  await service.fill(...times(3));
  const { code, stdout } = await service.littoral('run', 'billing', '--memoryLimit', '1').ended;
  expect(code).toBe(0);
  expect(handled(stdout)).toBe(1);
  await eventually(async () => expect(await service.waiting()).toBe(2));
});

test('a --memoryLimit that is not reached ends nothing', async () => {
  const service = billing(vhost, 1);
  await service.fill(...times(3));
  const args = ['--memoryLimit', '100000', '--finishWhenNoMessages'];
  const { code, stdout } = await service.littoral('run', 'billing', ...args).ended;
  expect({ code, handled: handled(stdout) }).toEqual({ code: 0, handled: 3 });
});

describe('a message that fails', () => {
  test('ends it with exit code 1 under --stopOnFailure, and is a dead letter', async () => {
    const service = billing(vhost, 1);
    await service.fill('ok', 'fail', 'ok', 'ok');
    const { code, stdout } = await service.littoral('run', 'billing', '--stopOnFailure').ended;
    expect({ code, handled: handled(stdout) }).toEqual({ code: 1, handled: 1 });
    await eventually(async () => expect(await service.deadLetters()).toBe(1));
    await eventually(async () => expect(await service.waiting()).toBe(2));
  });

  test('is not in its queue any more when it was the first, which raises the prefetch', async () => {
    const service = billing(vhost, 10);
    await service.fill('fail');
    expect(await service.littoral('run', 'billing', '--stopOnFailure').ended).toMatchObject({ code: 1 });
    await eventually(async () => expect([await service.deadLetters(), await service.waiting()]).toEqual([1, 0]));
    await service.fill('ok');
    expect(await service.littoral('run', 'billing', '--memoryLimit', '1').ended).toMatchObject({ code: 0 });
    await eventually(async () => expect(await service.waiting()).toBe(0));
  });

  test('ends nothing otherwise; it is logged without any -v', async () => {
    const service = billing(vhost, 1);
    await service.fill('fail', 'ok');
    const { code, stdout } = await service.littoral('run', 'billing', '--finishWhenNoMessages').ended;
    expect({ code, handled: handled(stdout) }).toEqual({ code: 0, handled: 1 });
    expect(logLines(stdout)).toEqual([
      expect.objectContaining({
        level: 'error',
        reason: 'of the handler',
        handler: "command handler 'work'",
        msg: 'a handler failed: its message becomes a dead letter',
      }),
    ]);
    await eventually(async () => expect(await service.deadLetters()).toBe(1));
  });
});

describe('prints', () => {
  async function linesOfMessages(verbosity: string) {
    const service = billing(vhost, 1);
    await service.fill('ok', 'fail', 'a secret');
    const { code, stdout } = await service.littoral('run', 'billing', '--finishWhenNoMessages', verbosity).ended;
    expect(code).toBe(0);
    const lines = logLines(stdout);
    expect(JSON.stringify(lines)).not.toContain('a secret');
    return lines.filter(({ ms }) => ms !== undefined);
  }

  const line = {
    level: 'info',
    service: 'billing',
    messageId: expect.any(String),
    routingKey: 'work',
    ms: expect.any(Number),
  };

  test('-v: a line for each message', async () => {
    const lines = await linesOfMessages('-v');
    expect(lines).toEqual([
      { ...line, time: expect.any(String), msg: 'handled' },
      { ...line, time: expect.any(String), msg: 'dead letter' },
      { ...line, time: expect.any(String), msg: 'handled' },
    ]);
  });

  test('-vv: its headers too', async () => {
    const [first] = await linesOfMessages('-vv');
    expect(first).toMatchObject({ ...line, headers: { contentType: 'text/plain' } });
    expect(first).not.toHaveProperty('steps');
  });

  test('-vvv: how long each step took', async () => {
    const lines = await linesOfMessages('-vvv');
    const steps = [
      { step: 'arguments', endpointId: 'work', ms: expect.any(Number) },
      { step: 'handler', endpointId: 'work', ms: expect.any(Number) },
      { step: 'settle', ms: expect.any(Number) },
    ];
    expect(lines).toHaveLength(3);
    for (const each of lines) expect(each).toMatchObject({ ...line, headers: expect.any(Object), steps });
  });
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it: running handlers finish, others stay', async (signal) => {
  const service = billing(vhost, 1);
  await service.fill('wait', 'ok');
  const run = service.littoral('run', 'billing');
  await run.written(/waits/);
  run.kill(signal);
  const { code, stdout } = await run.ended;
  expect({ code, handled: handled(stdout) }).toEqual({ code: 0, handled: 1 });
  await eventually(async () => expect(await service.waiting()).toBe(1));
});

test('at its end the services of its handlers are disposed', async () => {
  const service = billing(vhost);
  await service.fill();
  expect((await service.littoral('publish', 'done', 'x').ended).code).toBe(0);
  const { code, stdout } = await service.littoral('run', 'billing', '--finishWhenNoMessages').ended;
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'done\nthe journal is closed\n' });
});

test('a queue that exists otherwise is exit code 1, with what to do', async () => {
  const service = billing(vhost);
  const connection = await connect(vhost.url);
  await (await connection.createChannel()).assertQueue('distributed_billing', { durable: true });
  await connection.close();
  const { code, stderr } = await service.littoral('run', 'billing').ended;
  expect(code).toBe(1);
  expect(stderr).toContain("'distributed_billing'");
});
