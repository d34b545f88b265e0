import { randomUUID } from 'node:crypto';
import { defineCommandHandler, payload } from 'littoral';
import Type from 'typebox';
import { describe, expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { usePrivateBroker } from '../broker/use-private-broker.ts';
import { openStream } from '../http/stream/stream-client.ts';
import { post, type RunningGateway, runGateway, untilReady } from './gateway-fixture.ts';

// A broker of its own: an alarm is one of the whole broker.
const own = usePrivateBroker();
const patient = { timeoutMs: 120_000 };

const command = (n: number) => ({ kind: 'command', destination: 'billing', routingKey: 'pay', payload: { n } });
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** The service `billing`, and what it has handled. */
async function billing(settings: { readonly maxInFlight?: number } = {}) {
  const handled: number[] = [];
  const notes: string[] = [];
  const pay = defineCommandHandler({
    routingKey: 'pay',
    distributed: true,
    parameters: [payload(Type.Object({ n: Type.Integer(), note: Type.Optional(Type.String()) }))],
    handle: ({ n, note }) => {
      handled.push(n);
      if (note !== undefined) notes.push(note);
    },
  });
  const broker = { url: own.vhost.url, ...settings };
  const gateway = await runGateway({ service: 'billing', broker, handlers: [pay], concurrency: 1 });
  await untilReady(gateway);
  return { gateway, handled, notes };
}

async function untilBlocked(gateway: RunningGateway): Promise<void> {
  await eventually(async () => {
    void post(gateway, '/events/nobody.cares', {}).catch(() => {});
    expect(gateway.channel.health().reason).toContain('blocks');
  }, patient);
}

describe('many messages on RabbitMQ', () => {
  test('arrive in the order of their batch, with little room in flight', async () => {
    const { gateway, handled } = await billing({ maxInFlight: 20 });
    const count = 1500;
    const answer = await post(gateway, '/batch', { entries: numbers(count).map(command) });
    expect(answer.status).toBe(202);
    expect(answer.body.results).toHaveLength(count);
    await eventually(() => expect(handled).toHaveLength(count), patient);
    expect(handled).toEqual(numbers(count));
  });

  test('arrive from one batch of 10,000 entries, which is the default maximum', async () => {
    const { gateway, handled } = await billing();
    const count = 10_000;
    const answer = await post(gateway, '/batch', { entries: numbers(count).map(command) });
    expect(answer.status).toBe(202);
    const results = answer.body.results as { index: number; status: number; messageId: string }[];
    expect(results.map(({ index }) => index)).toEqual(numbers(count));
    expect(new Set(results.map(({ messageId }) => messageId)).size).toBe(count);
    await eventually(() => expect(handled.length).toBe(count), patient);
    expect(handled).toEqual(numbers(count));
  });

  test('arrive complete from one batch of 16 MiB, which is the default maximum of a body', async () => {
    const { gateway, handled, notes } = await billing();
    const note = (n: number) => `${n}${'ü"'.repeat(86_000)}`;
    const count = 45;
    const entries = numbers(count).map((n) => ({ ...command(n), payload: { n, note: note(n) } }));
    const body = JSON.stringify({ entries });
    const filled = body + ' '.repeat(16 * 1024 * 1024 - Buffer.byteLength(body));
    const response = await fetch(`${gateway.address}/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: filled,
    });
    expect(response.status).toBe(202);
    await eventually(() => expect(handled.length).toBe(count), patient);
    expect(handled).toEqual(numbers(count));
    expect(notes.every((arrived, n) => arrived === note(n))).toBe(true);
  });

  test('arrive in the order of their stream, with a result for each', async () => {
    const { gateway, handled } = await billing();
    const stream = await openStream(gateway);
    stream.send(...numbers(3000).map(command));
    expect(await stream.end()).toMatchObject({ reason: 'complete', next: 3000, accepted: 3000 });
    expect(stream.results().map(({ index }) => index)).toEqual(numbers(3000));
    await eventually(() => expect(handled).toHaveLength(3000), patient);
    expect(handled).toEqual(numbers(3000));
  });

  test('wait in a stream while the broker takes none, which a line says', async () => {
    const { gateway, handled } = await billing();
    const stream = await openStream(gateway, { 'idempotency-key': randomUUID() });
    stream.send(command(0));
    await stream.answered(1);
    await own.alarm(true);
    await untilBlocked(gateway);
    stream.send(command(1));
    await eventually(() => expect(stream.notices()).toMatchObject([{ notice: 'held', next: 1 }]), patient);
    expect(stream.notices()[0].detail).toContain('blocks');
    await own.alarm(false);
    await stream.answered(2);
    expect(stream.notices().map(({ notice }) => notice)).toEqual(['held', 'resumed']);
    expect(await stream.end()).toMatchObject({ accepted: 2, failed: 0 });
    await eventually(() => expect(handled).toEqual([0, 1]), patient);
  });

  test('have an honest outcome each when the broker ends in the middle, and the stream goes on', async () => {
    const { gateway, handled } = await billing();
    const stream = await openStream(gateway);
    const count = 4000;
    let sent = 0;
    const sending = setInterval(() => {
      if (sent < count) stream.send(...numbers(100).map((n) => command(sent + n)));
      sent = Math.min(count, sent + 100);
    }, 10);
    await stream.answered(500);
    const connections = await own.vhost.closeConnections();
    expect(connections).toBeGreaterThan(0);
    await eventually(() => expect(sent).toBe(count), patient);
    clearInterval(sending);
    const last = await stream.end();
    expect(last).toMatchObject({ reason: 'complete', next: count });
    const results = stream.results();
    expect(results.map(({ index }) => index)).toEqual(numbers(count));
    const confirmed = results.filter(({ status }) => status === 202).map(({ index }) => index);
    await eventually(() => expect(new Set(handled)).toEqual(new Set([...handled, ...confirmed])), patient);
    const refused = results.filter(({ outcome }) => outcome === 'not-accepted').map(({ index }) => index);
    expect(refused.filter((index) => handled.includes(index))).toEqual([]);
  });

  test('have a correct outcome each when the broker ends in the middle of their batch', async () => {
    const { gateway, handled } = await billing({ maxInFlight: 20 });
    const count = 3000;
    const posted = post(gateway, '/batch', { entries: numbers(count).map(command) });
    await eventually(() => expect(handled.length).toBeGreaterThan(100), { ...patient, intervalMs: 5 });
    expect(await own.vhost.closeConnections()).toBeGreaterThan(0);
    const { status, body } = await posted;
    expect(status).toBe(207);
    const results = body.results as { index: number; status: number; outcome?: string }[];
    expect(results.map(({ index }) => index)).toEqual(numbers(count));
    const confirmed = results.filter((result) => result.status === 202).map(({ index }) => index);
    const refused = results.filter(({ outcome }) => outcome === 'not-accepted').map(({ index }) => index);
    expect(confirmed.length).toBeGreaterThan(100);
    expect(refused.length).toBeGreaterThan(0);
    await eventually(() => expect(confirmed.filter((index) => !handled.includes(index))).toEqual([]), patient);
    expect(refused.filter((index) => handled.includes(index))).toEqual([]);
  });
});
