import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventually } from './broker/eventually.ts';
import { useVhost } from './broker/use-vhost.ts';
import { littoralCommand } from './cli/littoral.ts';
import { folderOf } from './folder-of.ts';
import { spawnProcess } from './spawn-process.ts';
import { startProcess } from './start-process.ts';

const vhost = useVhost();

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('the line that runs it on RabbitMQ does', async () => {
  expect(readme).toMatch(/^AMQP_URL=amqp:\/\/guest:guest@localhost:5672 npm start$/m);

  const { address, output, stop } = await startProcess({ AMQP_URL: vhost.url });
  await eventually(async () => expect((await fetch(`${address}/readyz`)).status).toBe(200));
  const answer = await fetch(`${address}/commands/billing/billing.changeDetails`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"personId":"123","billingDetails":"01111"}',
  });
  expect(answer.status).toBe(202);
  expect(await answer.json()).toMatchObject({ channel: 'rabbitmq', routed: true });
  await eventually(() => expect(output()).toContain('person 123 now has the billing details 01111'));
  expect(output()).toContain('billing on rabbitmq');
  expect(output()).not.toContain('guest:guest');
  await stop();
});

test('the lines of the command line do what they say', async () => {
  const example = new URL('../examples/1-billing/littoral.config.ts', import.meta.url).href;
  const cwd = folderOf({
    'littoral.config.ts': `export { default } from '${example}';`,
    'event.json': '{"personId":"123"}',
  });
  const quoted = littoralCommand.map((part) => `'${part}'`).join(' ');
  const lines = [...readme.matchAll(/^npx littoral (.*)$/gm)].map(([, args]) => args as string);
  const shell = (args: string) => {
    return spawnProcess('sh', ['-c', `exec ${quoted} ${args}`], { cwd, environment: { AMQP_URL: vhost.url } });
  };
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['list', 'send', 'publish', 'run']);
  const [list, send, publish, run] = lines as [string, string, string, string];
  expect((await shell(list).ended).stdout).toMatch(/^billing +billing\.changeDetails +command/m);
  const consumer = shell(run);
  await consumer.written(/"msg":"consuming"/);
  for (const line of [send, publish]) {
    const { code, stdout } = await shell(line).ended;
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, routed: true });
  }
  await consumer.written(/person 123 now has the billing details 01111/);
  await consumer.written(/changed the details of person 123/);
  consumer.kill('SIGTERM');
  expect((await consumer.ended).code).toBe(0);
});
