import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defineCommandHandler } from '../../../../src/handler/define-handler.ts';
import type { MessageHeaders } from '../../../../src/message/message-headers.ts';
import type { Broker } from '../../../broker/broker.ts';
import { eventually } from '../../../broker/eventually.ts';
import { wantedSeries } from '../../../broker/rabbitmq-series.ts';
import { startBroker } from '../../../broker/start-broker.ts';
import { post, type RunningGateway, runGateway } from '../../../flow/gateway-fixture.ts';

// The smallest that RabbitMQ allows.
const frameMax = wantedSeries() === 3 ? 4096 : 8192;
const limit = frameMax - 20;

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker({ settings: [`frame_max = ${frameMax}`] });
}, 600_000);

afterAll(async () => {
  await broker?.close();
});

const seen: { payload: unknown; headers: MessageHeaders }[] = [];

function billing(): Promise<RunningGateway> {
  seen.length = 0;
  const keep = defineCommandHandler({
    routingKey: 'keep',
    distributed: true,
    handle: (payload: unknown, headers: MessageHeaders) => void seen.push({ payload, headers }),
  });
  const fail = defineCommandHandler({
    routingKey: 'fail',
    distributed: true,
    retries: { maxAttempts: 1, initialDelayMs: 20 },
    handle(payload: unknown, headers: MessageHeaders) {
      seen.push({ payload, headers });
      const error = new Error('fails on purpose');
      error.stack = `Error: fails on purpose\n${'    at somewhere (file.ts:1:1)\n'.repeat(500)}`;
      throw error;
    },
  });
  return runGateway({ service: 'billing', broker: { url: broker.url }, handlers: [keep, fail] });
}

const headersOf = (bytes: number) => ({ 'message-headers': JSON.stringify({ big: 'x'.repeat(bytes) }) });

describe(`a broker whose frame_max is ${frameMax}`, () => {
  test('takes bodies of many frames, and headers that fill one', async () => {
    const gateway = await billing();
    const payload = { text: 'y'.repeat(300_000) };
    const answer = await post(gateway, '/commands/billing/keep', payload, headersOf(limit - 1700));
    expect(answer).toMatchObject({ status: 202 });
    await eventually(() => expect(seen).toHaveLength(1));
    expect(seen[0]).toMatchObject({ payload, headers: { big: 'x'.repeat(limit - 1700) } });
  });

  test('has only the larger headers refused, and its connection stays open', async () => {
    const gateway = await billing();
    const sizes = [10, limit + 900, 20, limit, 30, 12_000, 40];
    const answers = await Promise.all(
      sizes.map((bytes) => post(gateway, '/commands/billing/keep', 'x', headersOf(bytes))),
    );
    expect(answers.map(({ status }) => status)).toEqual([202, 431, 202, 431, 202, 431, 202]);
    expect(answers[1]?.body).toMatchObject({ code: 'headers-too-large', outcome: 'not-accepted' });
    expect(answers[1]?.body.detail).toContain(`bytes; the frame_max of this broker leaves room for ${limit}`);
    await eventually(() => expect(seen).toHaveLength(4));
  });

  test('takes headers up to exactly the limit', async () => {
    const gateway = await billing();
    const statuses: number[] = [];
    for (let bytes = limit - 1100; bytes <= limit; bytes += 61) {
      statuses.push((await post(gateway, '/commands/billing/keep', 'x', headersOf(bytes))).status);
    }
    expect(new Set(statuses)).toEqual(new Set([202, 431]));
    expect(statuses).toEqual([...statuses].sort());
    await eventually(() => expect(seen).toHaveLength(statuses.filter((status) => status === 202).length));
  });

  test('gets retries and dead letters, without a stack trace that does not fit', async () => {
    const gateway = await billing();
    expect(await post(gateway, '/commands/billing/fail', 'x', headersOf(frameMax / 4))).toMatchObject({ status: 202 });
    await eventually(() => expect(seen).toHaveLength(2));
    const deadLetters = await eventually(async () => {
      const { items } = (await (await fetch(`${gateway.address}/dead-letters`)).json()) as { items: unknown[] };
      expect(items).toHaveLength(1);
      return items;
    });
    expect(deadLetters).toMatchObject([{ error: { message: 'fails on purpose' } }]);
  });
});
