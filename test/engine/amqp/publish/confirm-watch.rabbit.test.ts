import { defineCommandHandler } from 'littoral';
import { expect, test } from 'vitest';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { post, runGateway } from '../../../flow/gateway-fixture.ts';
import { methods, wayOfFrames } from '../way-of-frames.ts';

const vhost = useVhost();

/** A proxy to the broker that can drop its confirms, while everything else arrives. */
async function wayWithoutConfirms() {
  const state = { isDropping: false };
  const url = await wayOfFrames(vhost.url, (method) => state.isDropping && method === methods.ack);
  return { url, state };
}

test('a gateway whose publishes are not confirmed is not ready, until one is', async () => {
  const way = await wayWithoutConfirms();
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

test('publishes that are never confirmed take room only until they time out', async () => {
  const way = await wayWithoutConfirms();
  const broker = { url: way.url, confirmTimeoutMs: 500, maxInFlight: 3 };
  const gateway = await runGateway({ service: 'stuck', broker });
  way.state.isDropping = true;
  const answers = await Promise.all([1, 2, 3].map((payload) => post(gateway, '/events/a.b', payload)));
  expect(answers.map(({ body }) => body.code)).toEqual(['confirm-timeout', 'confirm-timeout', 'confirm-timeout']);
  // Their confirms were dropped, and never arrive.
  way.state.isDropping = false;
  // Until the channel is open again, requests get 503.
  await eventually(async () => {
    expect((await post(gateway, '/events/a.b', 4)).status).toBe(202);
  });
});
