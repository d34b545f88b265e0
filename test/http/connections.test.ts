import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import { eventually } from '../broker/eventually.ts';
import { openSocket, portOf } from './exchange.ts';
import { quiet } from './gateway-fixture.ts';

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

  test('a caller who does not hang up after garbage', async () => {
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
