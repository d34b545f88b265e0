import { defineCommandHandler } from 'littoral';
import { expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { post, runGateway } from '../flow/gateway-fixture.ts';
import { wayToBroker } from './way-to-broker.ts';

const vhost = useVhost();

const headBytes = 7;
/** The class and the method of `basic.ack`, which confirms. */
const basicAck = 0x003c_0050;

/** A way to the broker on which its confirms can be dropped, while everything else arrives. */
async function wayWithoutConfirms(url: string) {
  const state = { isDropping: false };
  const way = await wayToBroker(url, (client, broker) => {
    let rest = Buffer.alloc(0);
    client.pipe(broker);
    broker.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      while (rest.length >= headBytes) {
        const end = headBytes + rest.readUInt32BE(3) + 1;
        if (rest.length < end) return;
        const isConfirm = rest[0] === 1 && rest.readUInt32BE(headBytes) === basicAck;
        if (!isConfirm || !state.isDropping) client.write(rest.subarray(0, end));
        rest = rest.subarray(end);
      }
    });
  });
  return { url: way, state };
}

test('a gateway whose publishes are not confirmed is not ready, until one is', async () => {
  const way = await wayWithoutConfirms(vhost.url);
  const broker = { url: way.url, confirmTimeoutMs: 500 };
  const handlers = [defineCommandHandler({ routingKey: 'pay', distributed: true, handle: () => {} })];
  const gateway = await runGateway({ service: 'silent', broker, handlers });
  const readiness = async () => {
    const answer = await fetch(`${gateway.address}/readyz`);
    return `${answer.status} ${await answer.text()}`;
  };
  expect((await post(gateway, '/commands/silent/pay', 1)).status).toBe(202);
  expect(await readiness()).toMatch(/^200/);

  way.state.isDropping = true;
  const answer = await post(gateway, '/commands/silent/pay', 2);
  expect(answer).toMatchObject({ status: 504, body: { code: 'confirm-timeout', outcome: 'unknown' } });
  expect(await readiness()).toMatch(/^503 .*the broker does not confirm publishes within 500 ms/);

  way.state.isDropping = false;
  await eventually(async () => expect((await post(gateway, '/commands/silent/pay', 3)).status).toBe(202));
  expect(await readiness()).toMatch(/^200/);
});
