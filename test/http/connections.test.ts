import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts';
import { type ConnectionLimits, Connections } from '../../src/http/connections.ts';
import { eventually } from '../broker/eventually.ts';
import { openApp, startedChannel } from '../routes/app-fixture.ts';
import { openSocket, portOf } from './exchange.ts';
import { quiet } from './gateway-fixture.ts';
import { openWire } from './wire.ts';

async function listening(): Promise<Gateway> {
  const gateway = createGateway({ service: 'shop', shutdownTimeoutMs: 60_000 }, quiet);
  await gateway.start();
  await portOf(gateway);
  return gateway;
}

function write(socket: Socket, text: string): void {
  socket.write(text.replaceAll('\n', '\r\n'));
}

function data(socket: Socket): Promise<string> {
  return new Promise((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())));
}

/** Waits until the gateway has seen the connection and all that was written to it. */
async function settled(gateway: Gateway): Promise<void> {
  await fetch(`http://127.0.0.1:${await portOf(gateway)}/livez`, { headers: { connection: 'close' } });
}

describe('a shutdown does not wait for', () => {
  test('a connection that never sent anything, as browsers open them in advance', async () => {
    const gateway = await listening();
    await openSocket(gateway);
    await settled(gateway);
    await gateway.stop();
  });

  test('half a request line', async () => {
    const gateway = await listening();
    write(await openSocket(gateway), 'POST /events/a HTT');
    await settled(gateway);
    await gateway.stop();
  });

  test('a caller that does not disconnect after garbage', async () => {
    const gateway = await listening();
    const socket = await openSocket(gateway);
    const answered = data(socket);
    write(socket, 'garbage\n\n');
    expect(await answered).toContain('400');
    await gateway.stop();
  });

  test('a connection that is kept alive', async () => {
    const gateway = await listening();
    const socket = await openSocket(gateway);
    const answered = data(socket);
    write(socket, 'GET /livez HTTP/1.1\nHost: localhost\n\n');
    expect(await answered).toContain('200');
    await gateway.stop();
  });
});

describe('a shutdown lets finish', () => {
  test('a request that waits for the broker', async () => {
    const gateway = await listening();
    const { publish } = gateway.channel;
    let confirm = () => {};
    const published = new Promise<void>((resolve) => {
      gateway.channel.publish = async (publication) => {
        const confirmed = new Promise<void>((resolveConfirmed) => {
          confirm = resolveConfirmed;
        });
        resolve();
        await confirmed;
        return publish.call(gateway.channel, publication);
      };
    });
    const socket = await openSocket(gateway);
    const answered = data(socket);
    write(socket, 'POST /events/a HTTP/1.1\nHost: localhost\n\n');
    await published;
    const stopped = gateway.stop();
    await eventually(() => expect(gateway.app.server.listening).toBe(false));
    confirm();
    expect(await answered).toMatch(/^HTTP\/1.1 202 .*^connection: close/ims);
    await stopped;
  });
});

describe('a request on a connection that was open before the shutdown', () => {
  test('is refused with a problem document that says so', async () => {
    const gateway = await listening();
    const socket = await openSocket(gateway);
    write(socket, 'POST /events/a HTTP/1.1\nHost: localhost\nContent-Type: text/plain\nContent-Length: 1\n\n');
    await settled(gateway);
    const stopped = gateway.stop();
    const answered = data(socket);
    write(socket, 'a');
    const answer = await answered;
    expect(answer).toMatch(/^HTTP\/1.1 503 /);
    expect(answer).toContain('application/problem+json');
    expect(answer).toContain('"draining"');
    await stopped;
  });
});

describe('a shutdown waits until its deadline for', () => {
  test('a body that never comes', async () => {
    const gateway = createGateway({ service: 'shop', shutdownTimeoutMs: 50 }, quiet);
    await gateway.start();
    const socket = await openSocket(gateway);
    write(socket, 'POST /events/a HTTP/1.1\nHost: localhost\nContent-Type: text/plain\nContent-Length: 10\n\nabc');
    await settled(gateway);
    await gateway.stop();
  });
});

describe('at the limit of connections', () => {
  const livez = 'GET /livez HTTP/1.1\nHost: localhost\n\n';

  async function limited(limits: ConnectionLimits) {
    const app = await openApp({ connections: new Connections(limits) });
    await app.listen({ host: '127.0.0.1', port: 0 });
    return { app };
  }

  test('a caller gets 503 and Retry-After', async () => {
    const gateway = await limited({ maxConnections: 1 });
    const first = await openWire(gateway);
    first.write(livez);
    await first.answered(/^HTTP\/1.1 200 /);
    const second = await openWire(gateway);
    second.write(livez);
    await second.answered(/^HTTP\/1.1 503 .*^retry-after: 1\r$.*^connection: close\r$.*"too-many-connections"/ims);
    await second.ended();
    first.write(livez);
    await first.answered(/200 OK.*200 OK/s);
    first.socket.destroy();
    await eventually(async () => {
      const third = await openWire(gateway);
      third.write(livez);
      await third.ended().catch(() => {});
      expect(third.received()).toMatch(/^HTTP\/1.1 200 /);
    });
  });

  test('no request of a refused caller is served', async () => {
    const published: unknown[] = [];
    const channel = await startedChannel();
    channel.publish = async (publication) => {
      published.push(publication);
      return { routed: true };
    };
    const app = await openApp({ channel, connections: new Connections({ maxConnections: 1 }) });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const first = await openWire({ app });
    first.write(livez);
    await first.answered(/^HTTP\/1.1 200 /);
    const second = await openWire({ app });
    second.write('POST /events/a HTTP/1.1\nHost: localhost\n\n');
    await second.answered(/^HTTP\/1.1 503 /);
    await second.ended();
    expect(published).toEqual([]);
  });

  test('a connection that has been idle for long makes room', async () => {
    const gateway = await limited({ maxConnections: 2, idleMs: 0 });
    const [first, second] = [await openWire(gateway), await openWire(gateway)];
    second.write(livez);
    await second.answered(/^HTTP\/1.1 200 /);
    const third = await openWire(gateway);
    third.write(livez);
    await third.answered(/^HTTP\/1.1 200 /);
    await first.ended();
    expect(first.received()).toBe('');
  });

  test('a connection on which a request waits for its answer does not make room', async () => {
    const channel = await startedChannel();
    const confirms: (() => void)[] = [];
    channel.publish = () =>
      new Promise((resolve) => {
        confirms.push(() => resolve({ routed: true }));
      });
    const app = await openApp({ channel, connections: new Connections({ maxConnections: 1, idleMs: 0 }) });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const first = await openWire({ app });
    first.write('POST /events/a HTTP/1.1\nHost: localhost\n\n');
    await eventually(() => expect(confirms).toHaveLength(1));
    const second = await openWire({ app });
    await second.answered(/^HTTP\/1.1 503 /);
    for (const confirm of confirms) confirm();
    await first.answered(/^HTTP\/1.1 202 /);
  });

  test('a caller that does not wait for answers is cut off', async () => {
    const channel = await startedChannel();
    let calls = 0;
    channel.publish = () => {
      calls += 1;
      return new Promise(() => {});
    };
    const app = await openApp({ channel, connections: new Connections({ maxConnections: 3 }) });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const wire = await openWire({ app });
    wire.write('POST /events/a HTTP/1.1\nHost: localhost\n\n'.repeat(100));
    await wire.ended();
    expect(calls).toBe(3);
    expect(wire.received()).toBe('');
    const next = await openWire({ app });
    next.write(livez);
    await next.answered(/^HTTP\/1.1 200 /);
  });
});
