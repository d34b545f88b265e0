import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createGateway } from '../../src/gateway/gateway.ts';
import { levelReload, pinoOptions } from '../../src/logger.ts';
import { exchangeAll } from './exchange.ts';

const secret = 'a-secret-of-the-caller';

async function loggingGateway(level: string) {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  const logger = pino(pinoOptions(level, { service: 'shop' }), { write });
  const http = { adminToken: '0123456789abcdef' };
  const gateway = createGateway({ service: 'shop', http }, { environment: {}, logger });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  lines.length = 0;
  return { ...gateway, lines };
}

const json = { 'content-type': 'application/json' };

describe('the log of requests', () => {
  test('has a line for each answer at debug, without its query', async () => {
    const { app, lines } = await loggingGateway('debug');
    const { headers } = await app.inject({
      method: 'POST',
      url: `/events/order.placed?token=${secret}`,
      headers: json,
      body: '1',
    });
    const answered = lines.filter(({ msg }) => msg === 'request answered');
    expect(answered).toEqual([
      {
        level: 'debug',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        service: 'shop',
        method: 'POST',
        path: '/events/order.placed',
        route: '/events/:routingKey',
        status: 202,
        ms: expect.any(Number),
        messageId: headers['message-id'],
        msg: 'request answered',
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain(secret);
  });

  test('has a line for a message that was refused, which quotes nothing of it', async () => {
    const { app, lines } = await loggingGateway('info');
    await app.inject({ method: 'POST', url: '/events/order.placed', headers: json, body: `{"a":${secret}}` });
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'info',
        service: 'shop',
        method: 'POST',
        path: '/events/order.placed',
        code: 'malformed-body',
        status: 400,
        reason: expect.any(String),
        msg: 'request refused',
      }),
    ]);
    expect(JSON.stringify(lines)).not.toContain(secret);
  });

  test('has a line for a request whose headers were too large', async () => {
    const gateway = await loggingGateway('info');
    await exchangeAll(gateway, `GET /livez HTTP/1.1\nHost: localhost\nA: ${'a'.repeat(20_000)}\n\n`);
    const expected = { level: 'info', msg: 'request refused', code: 'headers-too-large', status: 431 };
    expect(gateway.lines.at(-1)).toMatchObject(expected);
  });

  test('warns of refused credentials, which it does not contain, a limited number of times', async () => {
    const { app, lines } = await loggingGateway('info');
    const headers = { authorization: `Bearer ${secret}` };
    for (let count = 0; count < 30; count += 1) await app.inject({ url: '/dead-letters', headers });
    const { level, code, remoteAddress } = lines[0] ?? {};
    expect({ level, code, remoteAddress }).toEqual({ level: 'warn', code: 'unauthorized', remoteAddress: '127.0.0.1' });
    expect(lines).toHaveLength(10);
    expect(JSON.stringify(lines)).not.toContain(secret);
  });

  test('has no line above debug for what probes and scanners cause', async () => {
    const { app, lines } = await loggingGateway('info');
    await app.inject({ url: '/.env' });
    await app.inject({ method: 'DELETE', url: '/livez' });
    expect(lines).toEqual([]);
  });

  test('follows a change of the level while it runs', async () => {
    const { app, lines, logger } = await loggingGateway('info');
    const reload = levelReload(logger);
    reload({ logLevel: 'debug' });
    await app.inject({ url: '/livez' });
    expect(lines.map(({ msg }) => msg)).toEqual(['request answered']);
    reload({ logLevel: 'info' });
    await app.inject({ url: '/livez' });
    expect(lines).toHaveLength(1);
  });
});
