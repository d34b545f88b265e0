import { defineCommandHandler, payload } from 'littoral';
import { pino } from 'pino';
import Type from 'typebox';
import { expect, test } from 'vitest';
import { pinoOptions } from '../../src/logger.ts';
import { eventually } from '../broker/eventually.ts';
import { runGateway } from './gateway-fixture.ts';

/** Stands in each place that a payload or a secret can be in. */
const secret = 'hunter2-that-no-line-may-contain';

test('no log line at any level contains a payload, a header of a sender or a secret', async () => {
  const lines: string[] = [];
  const logger = pino(pinoOptions('trace', { service: 'shop' }), { write: (line: string) => void lines.push(line) });
  const handlers = [
    defineCommandHandler({
      routingKey: 'typed',
      distributed: true,
      parameters: [payload(Type.Object({ n: Type.Number() }))],
      handle() {},
    }),
    defineCommandHandler({ routingKey: 'any', distributed: true, handle() {} }),
    defineCommandHandler({
      routingKey: 'fail',
      distributed: true,
      handle() {
        throw new Error('of the handler');
      },
    }),
  ];
  const retries = { maxAttempts: 1, initialDelayMs: 1, instant: { maxAttempts: 1 } };
  const http = { adminToken: `admin-${secret}` };
  const gateway = await runGateway({ service: 'shop', handlers, retries, http }, { logger });
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${secret}`,
    'message-header-executor': secret,
    'message-headers': JSON.stringify({ tenant: secret }),
    'idempotency-key': secret,
    baggage: `user=${secret}`,
    cookie: `session=${secret}`,
  };
  const send = (path: string, body: string, more = {}) =>
    fetch(`${gateway.address}${path}?token=${secret}`, { method: 'POST', headers: { ...headers, ...more }, body });
  for (const path of ['typed', 'any', 'fail', 'none']) {
    const good = JSON.stringify({ n: 1, note: secret });
    for (const body of [good, `{"n":"${secret}"}`, `{"n":${secret}}`, secret, '']) {
      await send(`/commands/shop/${path}`, body);
      await send(`/commands/shop/${path}`, body, { 'idempotency-key': `${secret}-${body.length}` });
      await send(`/commands/shop/${path}`, body, { 'content-type': 'text/of-no-converter' });
    }
  }
  await send('/events/order.placed', JSON.stringify(secret));
  await send('/dead-letters/replay', JSON.stringify({ note: secret }));
  await fetch(`${gateway.address}/dead-letters?token=${secret}`, { headers: { authorization: `Bearer ${secret}` } });
  const received = {
    'ecotone.distributed.payloadType': 'command',
    'ecotone.distributed.routingKey': 'typed',
    note: secret,
  };
  const message = { headers: { ...received, contentType: 'application/json' }, body: Buffer.from(`{"n":"${secret}"}`) };
  await gateway.channel.publish({ to: { queue: 'distributed_shop' }, message });
  const events = () => lines.map((line) => JSON.parse(line).msg);
  await eventually(() => {
    for (const event of [
      ...['handled', 'request answered', 'request refused', 'credentials refused'],
      ...['a handler failed, and is retried later', 'a handler failed: its message becomes a dead letter'],
    ]) {
      expect(events()).toContain(event);
    }
  });
  await gateway.stop();
  expect(lines.filter((line) => line.includes('hunter2'))).toEqual([]);
});
