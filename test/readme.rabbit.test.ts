import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventually } from './broker/eventually.ts';
import { useVhost } from './broker/use-vhost.ts';
import { startProcess } from './start-process.ts';

const vhost = useVhost();

test('the line that runs it on RabbitMQ does', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
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
