import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { post, runGateway } from '../flow/gateway-fixture.ts';
import { startApplication } from './application-fixture.ts';

/** Sends an event, and returns the status. */
async function sendEvent(address: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const request = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{}' };
  return (await fetch(`${address}/events/order.placed`, request)).status;
}

describe('the shutdown of a gateway with an application', () => {
  test('waits for the answer, and takes what the application sends for the message meanwhile', async () => {
    let answer = () => {};
    let hasFinished: boolean | undefined;
    const app = await startApplication((_request, response) => {
      response.on('close', () => {
        hasFinished = response.writableFinished;
      });
      answer = () => response.writeHead(204).end();
    });
    const gateway = await runGateway({
      service: 'billing',
      application: { url: app.url, commands: ['pay'] },
      http: { drainDelayMs: 0 },
      shutdownTimeoutMs: 60_000,
    });
    await post(gateway, '/commands/billing/pay', {});
    const request = await eventually(() => {
      expect(app.received).toHaveLength(1);
      return app.received[0];
    });

    const stopped = gateway.stop();
    await eventually(async () => expect(await sendEvent(gateway.address)).toBe(503));
    const parent = { 'message-parent-id': String(request?.headers['message-id']) };
    expect(await sendEvent(gateway.address, parent)).toBe(202);
    expect(hasFinished).toBeUndefined();
    answer();
    await stopped;
    expect(hasFinished).toBe(true);
    expect(app.received).toHaveLength(1);
  });

  test('counts no attempt for a request that it cuts off', async () => {
    const lines: { readonly msg: string }[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const app = await startApplication(() => {});
    const config = { service: 'billing', application: { url: app.url, commands: ['pay'] }, shutdownTimeoutMs: 50 };
    const gateway = await runGateway({ ...config, http: { drainDelayMs: 0 } }, { logger });
    await post(gateway, '/commands/billing/pay', {});
    await eventually(() => expect(app.received).toHaveLength(1));
    await gateway.stop();
    const events = lines.map(({ msg }) => msg);
    expect(events).toContain('not finished in time; these messages are requeued');
    expect(events.filter((event) => event.startsWith('a handler failed'))).toEqual([]);
  });
});
