import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { eventually } from '../../broker/eventually.ts';
import { expectProblem, openGateway, openQueue, post } from '../gateway-fixture.ts';
import { event, openStream } from './stream-client.ts';

const command = { kind: 'command', destination: 'billing', routingKey: 'billing.change' };

describe('POST /stream', () => {
  test('answers each entry in order, while the caller still sends', async () => {
    const gateway = await openGateway();
    const arrived = openQueue(gateway, 'orders', ['order.#']);
    const stream = await openStream(gateway);
    const response = await stream.response;
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({ 'content-type': 'application/x-ndjson', 'transfer-encoding': 'chunked' });
    stream.send(event(1), event(2));
    await stream.answered(2);
    stream.send(event(3));
    await stream.answered(3);
    expect(await stream.end()).toEqual({ notice: 'end', reason: 'complete', next: 3, accepted: 3, failed: 0 });
    const messages = arrived();
    expect(messages.map(({ body }) => Buffer.from(body).toString())).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    expect(stream.results()).toEqual(
      messages.map(({ headers: { id, correlationId } }, index) => {
        return { index, status: 202, messageId: id, correlationId, routed: true };
      }),
    );
  });

  test('ignores Prefer: handling=strict', async () => {
    const stream = await openStream(await openGateway(), { prefer: 'handling=strict' });
    stream.send(event(1), { ...event(2), kind: 'x' });
    expect(await stream.end()).toMatchObject({ next: 2, accepted: 1, failed: 1 });
    expect(stream.results()[0]).toMatchObject({ index: 0, status: 202, routed: false });
  });

  test('answers a line that is not valid with its error, and goes on', async () => {
    const gateway = await openGateway();
    openQueue(gateway, 'billing', ['billing', 'order.#']);
    const stream = await openStream(gateway);
    const lines = ['\ufeff{', '', '[]', JSON.stringify({ ...command, priority: 999 }), ' \r'];
    stream.write(`${lines.join('\n')}\n${JSON.stringify({ ...command, destination: 'nowhere' })}\r\n`);
    stream.write(JSON.stringify(command));
    expect(await stream.end()).toMatchObject({ next: 5, accepted: 1, failed: 4 });
    expect(stream.results()).toMatchObject([
      { index: 0, code: 'malformed-body' },
      { index: 1, code: 'malformed-body' },
      { index: 2, code: 'invalid-entry', errors: [{ pointer: '/priority' }] },
      { index: 3, code: 'destination-not-found', status: 404, errors: [{ pointer: '/destination' }] },
      { index: 4, status: 202 },
    ]);
  });

  test.each([
    ['7', 'the entry is not a JSON object'],
    ['{"kind": broken', 'the entry is not a JSON object: it has a value that is not JSON; text is written in quotes'],
    ['{"kind": "event"', 'the entry is not a JSON object: it has no comma or } after a field'],
  ])('names the reason in the error of the line %s', async (line, detail) => {
    const stream = await openStream(await openGateway());
    stream.write(`${line}\n`);
    await stream.end();
    expect(stream.results()).toMatchObject([{ code: 'malformed-body', errors: [{ pointer: '', detail }] }]);
  });

  test('reads lines in pieces of any size, and bounds the length of a line', async () => {
    const gateway = await openGateway({ http: { bodyLimit: 1000 } });
    const arrived = openQueue(gateway, 'orders', ['order.#']);
    const stream = await openStream(gateway);
    for (const byte of Buffer.from(`${JSON.stringify(event(1))}\n`)) stream.request.write(Buffer.of(byte));
    const padding = 'x'.repeat(100_000);
    stream.write(`{"kind":"${padding}`);
    for (let pieces = 0; pieces < 5; pieces++) stream.write(padding);
    stream.write(`"}\n${JSON.stringify(event(2))}\n${JSON.stringify({ ...event(3), payload: 'x'.repeat(1000) })}\n`);
    expect(await stream.end()).toMatchObject({ accepted: 2, failed: 2 });
    expect(stream.results()[1]).toMatchObject({
      index: 1,
      status: 413,
      code: 'body-too-large',
      detail: expect.stringContaining('line'),
    });
    expect(stream.results()[3]).toMatchObject({ status: 413, errors: [{ pointer: '/payload' }] });
    expect(arrived()).toHaveLength(2);
  });

  test('makes the ids of a resumed stream those of the first one', async () => {
    const gateway = await openGateway();
    const ids = async (headers: Record<string, string>, count: number) => {
      const stream = await openStream(gateway, { 'idempotency-key': 'import-7', ...headers });
      stream.send(...Array.from({ length: count }, () => event(1)));
      await stream.end();
      return stream.results().map(({ index, messageId }) => [index, messageId]);
    };
    const all = await ids({}, 3);
    expect(new Set(all.map(([, id]) => id)).size).toBe(3);
    expect(await ids({ 'message-first-index': '1' }, 2)).toEqual(all.slice(1));
  });

  test('answers tiny lines no faster than the caller reads them', async () => {
    const gateway = await openGateway();
    const stream = await openStream(gateway);
    const response = await stream.response;
    response.pause();
    let written = 0;
    const writing = (async () => {
      while (written < 400) {
        written++;
        if (!stream.request.write('{}\n'.repeat(10_000))) await once(stream.request, 'drain');
      }
    })();
    let [held, before] = [0, -1];
    await eventually(() => {
      // It no longer grows once the gateway reads nothing more.
      held = written === before ? held + 1 : 0;
      before = written;
      expect(held).toBeGreaterThan(3);
    });
    expect(written).toBeLessThan(400);
    response.resume();
    await stream.answered(10_000);
    stream.request.destroy(new Error('the test has ended'));
    await writing.catch(() => {});
  });

  test('ends at shutdown behind the entries that it has read, with a line that says so', async () => {
    const gateway = await openGateway();
    const stream = await openStream(gateway);
    stream.send(event(1), event(2));
    await stream.answered(2);
    const stopped = gateway.stop();
    expect(await stream.ended()).toEqual({ notice: 'end', reason: 'draining', next: 2, accepted: 2, failed: 0 });
    await stopped;
  });

  test('outlives the time limits of requests and of silent connections', async () => {
    const gateway = await openGateway();
    const sockets: Socket[] = [];
    gateway.app.server.on('connection', (socket) => sockets.push(socket));
    const stream = await openStream(gateway);
    stream.send(event(1));
    await stream.answered(1);
    const [socket] = sockets;
    const expired = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    gateway.app.server.emit('clientError', expired, socket as Socket);
    gateway.app.server.emit('timeout', socket as Socket);
    stream.send(event(2));
    await stream.answered(2);
    expect(await stream.end()).toMatchObject({ reason: 'complete', accepted: 2 });
  });

  test('keeps what was confirmed when the connection breaks, and serves others', async () => {
    const gateway = await openGateway();
    const arrived = openQueue(gateway, 'orders', ['order.#']);
    const stream = await openStream(gateway);
    stream.send(event(1));
    await stream.answered(1);
    stream.write('{"kind":"event","routingKey":"order.placed","payl');
    stream.request.destroy();
    const next = await openStream(gateway, { 'message-first-index': '1' });
    next.send(event(2));
    expect(await next.end()).toMatchObject({ next: 2, accepted: 1 });
    expect(arrived()).toHaveLength(2);
  });

  test('serves a limited number of streams', async () => {
    const gateway = await openGateway({ http: { maxStreams: 1 } });
    const first = await openStream(gateway);
    await first.response;
    const refused = await post(gateway, {
      url: '/stream',
      headers: { 'content-type': 'application/x-ndjson' },
      body: '',
    });
    expectProblem(refused, 'too-many-in-flight');
    await first.end();
    const second = await openStream(gateway);
    expect((await second.response).statusCode).toBe(200);
    await second.end();
  });

  test.each<[string, Record<string, string>, 'unsupported-media-type' | 'invalid-header']>([
    ['of JSON', { 'content-type': 'application/json' }, 'unsupported-media-type'],
    ['with an encoding', { 'content-encoding': 'gzip' }, 'unsupported-media-type'],
    ['with an id', { 'message-id': crypto.randomUUID() }, 'invalid-header'],
    ['with an unknown header', { 'message-prio': '1' }, 'invalid-header'],
  ])('refuses a request %s before it begins', async (_, headers, code) => {
    const gateway = await openGateway();
    const all = { 'content-type': 'application/x-ndjson', ...headers };
    expectProblem(await post(gateway, { url: '/stream', headers: all, body: '{}\n' }), code);
  });

  test('accepts a stream without entries', async () => {
    const stream = await openStream(await openGateway());
    expect(await stream.end()).toEqual({ notice: 'end', reason: 'complete', next: 0, accepted: 0, failed: 0 });
  });
});
