import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { defineCommandHandler } from 'littoral';
import { generate } from 'selfsigned';
import { expect, onTestFinished, test } from 'vitest';
import { useVhost } from '../../../broker/use-vhost.ts';
import { post, runGateway } from '../../../flow/gateway-fixture.ts';

const vhost = useVhost();

const onPay = defineCommandHandler({ routingKey: 'pay', distributed: true, handle: () => {} });

/** A TLS front of the broker, as its own listener or a proxy would be. Returns its URL and a file of its certificate. */
async function tlsFront(): Promise<{ url: string; caFile: string }> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }]);
  const broker = new URL(vhost.url);
  const server = createServer({ cert, key }, (socket) => {
    const upstream = connect(Number(broker.port), broker.hostname);
    socket.pipe(upstream).pipe(socket);
    socket.on('error', () => upstream.destroy());
    upstream.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = await mkdtemp(join(tmpdir(), 'littoral-tls-'));
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, cert);
  onTestFinished(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  const { port } = server.address() as AddressInfo;
  const { username, password, pathname } = broker;
  return { url: `amqps://${username}:${password}@localhost:${port}${pathname}`, caFile };
}

test('amqps:// with a certificate authority of its own sends and receives', async () => {
  const { url, caFile } = await tlsFront();
  const gateway = await runGateway({ service: 'secure', broker: { url, caFile }, handlers: [onPay] });
  expect(await post(gateway, '/commands/secure/pay', {})).toMatchObject({ status: 202, body: { routed: true } });
});

test('amqps:// with a certificate of an untrusted authority never connects, and says so', async () => {
  const { url } = await tlsFront();
  const gateway = await runGateway({ service: 'insecure', broker: { url } });
  const answer = await fetch(`${gateway.address}/readyz`);
  expect(answer.status).toBe(503);
  expect(await answer.text()).toMatch(/self-signed certificate/);
  expect((await post(gateway, '/events/a', {})).status).toBe(503);
});
