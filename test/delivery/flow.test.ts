import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { generate } from 'selfsigned';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { gate } from '../endpoint/endpoint-fixture.ts';
import { post, type RunningGateway, runGateway } from '../flow/gateway-fixture.ts';
import { folderOf } from '../folder-of.ts';
import { answering, startApplication } from './application-fixture.ts';

const retries = { maxAttempts: 3, initialDelayMs: 1 };

const send = async (gateway: RunningGateway, key: string, count: number) => {
  for (let id = 0; id < count; id++) {
    expect((await post(gateway, `/commands/billing/${key}`, { id })).status).toBe(202);
  }
};

async function applicationOf({ address }: RunningGateway) {
  const { applications } = (await (await fetch(`${address}/endpoints`)).json()) as {
    applications: { state: string; concurrency: number }[];
  };
  return applications[0];
}

describe('the requests to an application', () => {
  test('begin with one at a time, and become more with each success, up to the concurrency', async () => {
    const open = gate();
    let running = 0;
    const atOnce: number[] = [];
    const app = await startApplication(async (request, response, socket) => {
      atOnce.push(++running);
      if (atOnce.length > 6) await open.opened;
      running -= 1;
      answering(204)(request, response, socket);
    });
    const application = { url: app.url, commands: ['pay'] };
    const gateway = await runGateway({ service: 'billing', application, concurrency: 4, retries });
    await send(gateway, 'pay', 20);
    await eventually(() => expect(running).toBe(4));
    expect(atOnce[0]).toBe(1);
    expect(Math.max(...atOnce)).toBe(4);
    expect(await applicationOf(gateway)).toMatchObject({ state: 'up', concurrency: 4 });
    open.open();
    await eventually(() => expect(app.received).toHaveLength(20));
  });

  test.each([429, 408, 504])('become half as many after %i', async (status) => {
    let isSlow = false;
    const app = await startApplication((request, response, socket) =>
      answering(isSlow ? status : 204)(request, response, socket),
    );
    const application = { url: app.url, commands: ['pay'] };
    const gateway = await runGateway({ service: 'billing', application, concurrency: 8, retries: { maxAttempts: 0 } });
    await send(gateway, 'pay', 10);
    await eventually(async () => expect(await applicationOf(gateway)).toMatchObject({ state: 'up', concurrency: 8 }));
    isSlow = true;
    await send(gateway, 'pay', 1);
    await eventually(async () =>
      expect(await applicationOf(gateway)).toMatchObject({ state: 'slowed', concurrency: 4 }),
    );
    isSlow = false;
    await send(gateway, 'pay', 4);
    await eventually(async () => expect(await applicationOf(gateway)).toMatchObject({ state: 'up', concurrency: 8 }));
  });

  test('of a slow path leave room for those of another', async () => {
    const open = gate();
    const app = await startApplication(async (request, response, socket) => {
      if (request.path === '/commands/slow') await open.opened;
      answering(204)(request, response, socket);
    });
    const application = { url: app.url, commands: ['slow', 'fast'] };
    const gateway = await runGateway({ service: 'billing', application, concurrency: 4, retries });
    const pathsOf = (path: string) => app.received.filter((request) => request.path === `/commands/${path}`);
    await send(gateway, 'fast', 6);
    await send(gateway, 'slow', 20);
    await send(gateway, 'fast', 20);
    await eventually(() => expect(pathsOf('fast')).toHaveLength(26));
    expect(pathsOf('slow')).toHaveLength(2);
    open.open();
    await eventually(() => expect(pathsOf('slow')).toHaveLength(20));
  });

  test('of a path that takes nothing wait, and those of another do not', async () => {
    let isBroken = true;
    const app = await startApplication((request, response, socket) => {
      const status = request.path === '/commands/broken' && isBroken ? 503 : 204;
      answering(status)(request, response, socket);
    });
    const application = { url: app.url, commands: ['broken', 'fine'] };
    const gateway = await runGateway({ service: 'billing', application, concurrency: 4, retries });
    const handled = (path: string) => app.received.filter((request) => request.path === `/commands/${path}`);
    await send(gateway, 'fine', 2);
    await eventually(() => expect(handled('fine')).toHaveLength(2));
    await send(gateway, 'broken', 3);
    await eventually(() => expect(handled('broken').length).toBeGreaterThan(0));
    await send(gateway, 'fine', 10);
    await eventually(() => expect(handled('fine')).toHaveLength(12));
    expect(await applicationOf(gateway)).toMatchObject({ state: 'away', reason: 'The application answered 503' });
    isBroken = false;
    await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
    expect(new Set(handled('broken').map(({ headers }) => headers['message-attempt']))).toEqual(new Set(['1']));
    await eventually(async () => expect(await applicationOf(gateway)).not.toMatchObject({ state: 'away' }));
  });
});

describe('the connection to an application', () => {
  test.each(['127.0.0.1', '::1'])('uses TLS with a certificate of its own authority, on %s', async (host) => {
    const name = 'localhost';
    const altNames = [
      { type: 2, value: name },
      { type: 7, ip: host },
    ] as const;
    const pem = await generate([{ name: 'commonName', value: name }], {
      extensions: [{ name: 'subjectAltName', altNames: [...altNames] }],
    });
    const paths: (string | undefined)[] = [];
    const server = createTlsServer({ key: pem.private, cert: pem.cert }, (request, response) => {
      paths.push(request.url);
      request.resume();
      request.on('end', () => response.writeHead(204).end());
    });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const { port } = server.address() as AddressInfo;
    const url = `https://${host === '::1' ? '[::1]' : host}:${port}`;

    const distrusting = await runGateway({ service: 'billing', application: { url, commands: ['pay'] }, retries });
    await send(distrusting, 'pay', 1);
    await eventually(async () =>
      expect(await applicationOf(distrusting)).toMatchObject({
        state: 'away',
        reason: expect.stringMatching(/self.signed/i),
      }),
    );
    expect(paths).toEqual([]);

    const caFile = `${folderOf({ 'ca.pem': pem.cert })}/ca.pem`;
    const trusting = await runGateway({ service: 'billing', application: { url, commands: ['pay'], caFile }, retries });
    await send(trusting, 'pay', 2);
    await eventually(() => expect(paths).toEqual(['/commands/pay', '/commands/pay']));
  });

  test('counts no attempt if it does not come about within the time of the request', async () => {
    const sockets = new Set<Socket>();
    // A TLS handshake is never answered here.
    const silent = createServer((socket) => void sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    const application = { url: `https://127.0.0.1:${port}`, commands: ['pay'], timeoutMs: 100 };
    const gateway = await runGateway({ service: 'billing', application, retries: { maxAttempts: 0 } });
    await send(gateway, 'pay', 1);
    await eventually(async () => expect(await applicationOf(gateway)).toMatchObject({ state: 'away' }));
    expect((await (await fetch(`${gateway.address}/dead-letters`)).json()) as object).toMatchObject({ items: [] });
  });

  test.each([
    ['a name that does not exist', 'http://nowhere.invalid'],
    ['a server that speaks no TLS', 'https://127.0.0.1:'],
  ])('does not come about with %s: the application is away', async (_, url) => {
    const app = await startApplication();
    const application = { url: url.endsWith(':') ? `${url}${app.port}` : url, commands: ['pay'] };
    const gateway = await runGateway({ service: 'billing', application, retries });
    await send(gateway, 'pay', 1);
    await eventually(async () => expect(await applicationOf(gateway)).toMatchObject({ state: 'away' }));
    expect((await (await fetch(`${gateway.address}/dead-letters`)).json()) as object).toMatchObject({ items: [] });
    expect(app.received).toEqual([]);
  });
});
