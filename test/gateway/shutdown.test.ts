import { defineCommandHandler, defineEventHandler } from 'littoral';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { LittoralError } from '../../src/errors.ts';
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts';
import { gate, turns } from '../endpoint/endpoint-fixture.ts';
import { openSocket, portOf } from '../http/exchange.ts';
import { quiet } from '../http/gateway-fixture.ts';

async function started(config: Config): Promise<Gateway> {
  const gateway = createGateway({ service: 'shop', shutdownTimeoutMs: 60_000, ...config }, quiet);
  onTestFinished(() => gateway.stop());
  await gateway.start();
  return gateway;
}

/** Whether a promise has been settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.finally(() => {
    settled = true;
  });
  await turns();
  return settled;
}

describe('a shutdown waits for what was asked of', () => {
  test.each([
    ['the command bus', (gateway: Gateway) => gateway.commandBus.send('change')],
    ['the event bus', (gateway: Gateway) => gateway.eventBus.publish('changed')],
  ])('%s from outside of a handler, and for what that sends', async (_, send) => {
    const finish = gate();
    const sent: unknown[] = [];
    const handle = async (_payload: unknown, _headers: unknown, { distributedBus }: { distributedBus: unknown }) => {
      await finish.opened;
      sent.push(await (distributedBus as Gateway['distributedBus']).publishEvent('order.placed', ''));
    };
    const gateway = await started({
      handlers: [
        defineCommandHandler({ routingKey: 'change', handle }),
        defineEventHandler({ routingKey: 'changed', handle }),
      ],
    });
    const call = send(gateway);
    const stopped = gateway.stop();
    expect(await isSettled(stopped)).toBe(false);
    finish.open();
    await Promise.all([call, stopped]);
    expect(sent).toEqual([expect.objectContaining({ messageId: expect.any(String) })]);
  });
});

test('a shutdown waits no longer than its deadline for what never ends', async () => {
  const gateway = await started({
    shutdownTimeoutMs: 10,
    handlers: [defineCommandHandler({ routingKey: 'change', handle: () => new Promise(() => {}) })],
  });
  void gateway.commandBus.send('change');
  await gateway.stop();
});

test('the deadline answers a request that waits for its confirm', async () => {
  const gateway = await started({ shutdownTimeoutMs: 100, http: { drainDelayMs: 0 } });
  const published = gate();
  const closed = gate();
  const { channel } = gateway;
  channel.publish = async () => {
    published.open();
    await closed.opened;
    throw new LittoralError('connection-lost', 'The message was written.');
  };
  const { close } = channel;
  channel.close = async (deadlineMs) => {
    closed.open();
    await close.call(channel, deadlineMs);
  };
  const port = await portOf(gateway);
  const answer = fetch(`http://127.0.0.1:${port}/events/order.placed`, { method: 'POST' });
  await published.opened;
  await gateway.stop();
  expect((await answer).status).toBe(504);
});

describe('before the port is closed', () => {
  test('every answer ends its connection, also that to a request which was there before', async () => {
    const gateway = await started({ http: { drainDelayMs: 5000 } });
    const [early, late] = [await openSocket(gateway), await openSocket(gateway)];
    early.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n');
    await fetch(`http://127.0.0.1:${await portOf(gateway)}/livez`);
    const stopped = gateway.stop();
    early.write('\r\n');
    late.write('GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const answers = [early, late].map((socket) => {
      return new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString())));
    });
    const [live, ready] = await Promise.all(answers);
    expect(live).toMatch(/^HTTP\/1\.1 200 .*^connection: close\r$/ims);
    expect(ready).toMatch(/^HTTP\/1\.1 503 .*^connection: close\r$/ims);
    await stopped;
    expect(gateway.app.server.listening).toBe(false);
  });

  test('nothing is waited for if there is no port', async () => {
    const gateway = await started({ http: { drainDelayMs: 59_000 } });
    await gateway.stop();
  });
});
