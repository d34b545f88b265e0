import { createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { post, type RunningGateway, runGateway } from '../flow/gateway-fixture.ts';

/** A server that reads requests, and answers each in a way that HTTP does not allow, or that nobody expects. */
interface RawServer {
  readonly url: string;
  /** The attempts, as the requests name them. */
  readonly attempts: readonly string[];
  /** The connections on which requests came. */
  readonly sockets: ReadonlySet<Socket>;
}

type Answer = (socket: Socket, index: number) => void;

async function startRawServer(answer: Answer): Promise<RawServer> {
  const attempts: string[] = [];
  const sockets = new Set<Socket>();
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      if (!/\r\n\r\n[\s\S]*7\}$/.test(text)) return;
      const [, attempt = 'none'] = /message-attempt: (\d+)/i.exec(text) ?? [];
      text = '';
      attempts.push(attempt);
      sockets.add(socket);
      answer(socket, attempts.length - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, attempts, sockets };
}

async function runWith(url: string, timeoutMs = 30_000): Promise<RunningGateway> {
  return runGateway({
    service: 'billing',
    application: { url, commands: ['pay'], timeoutMs },
    retries: { maxAttempts: 1, initialDelayMs: 1 },
  });
}

const send = async (gateway: RunningGateway) => {
  expect((await post(gateway, '/commands/billing/pay', { amount: 7 })).status).toBe(202);
};

async function deadLetters(gateway: RunningGateway): Promise<{ attempts: number; error: { message: string } }[]> {
  return ((await (await fetch(`${gateway.address}/dead-letters`)).json()) as { items: never[] }).items;
}

const ok = 'HTTP/1.1 204 No Content\r\n\r\n';

describe('an answer that is not complete', () => {
  test.each<[string, Answer]>([
    ['half a status line', (socket) => socket.end('HTTP/1.1 20')],
    ['half its headers', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Le')],
    ['half its body', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')],
    ['half a chunk', (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc')],
    ['100 Continue before the answer', (socket) => socket.write(`HTTP/1.1 100 Continue\r\n\r\n${ok}`)],
    ['another protocol from now on', (socket) => socket.write('HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n')],
    ['nothing', (socket) => socket.end()],
    ['a reset', (socket) => socket.resetAndDestroy()],
    ['another protocol', (socket) => socket.end('220 mail.example ESMTP\r\n')],
    ['headers without end', (socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`)],
    ['a body whose length is no number', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\nabc')],
  ])('is an attempt that failed: %s', async (_, answer) => {
    const server = await startRawServer(answer);
    const gateway = await runWith(server.url);
    await send(gateway);
    const [letter] = await eventually(async () => {
      const found = await deadLetters(gateway);
      expect(found).toHaveLength(1);
      return found;
    });
    expect(server.attempts).toEqual(['1', '2']);
    expect(letter).toMatchObject({ attempts: 2 });
    expect(letter?.error.message).toMatch(/^The connection to the application was lost before its answer was complete/);
  });

  test.each<[string, Answer]>([
    ['no answer', () => {}],
    ['half its headers', (socket) => socket.write('HTTP/1.1 200 OK\r\n')],
    [
      'a byte at a time',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n');
        const drip = setInterval(() => socket.write('.'), 20);
        socket.on('close', () => clearInterval(drip));
      },
    ],
  ])('is an attempt that failed when its time is over, and the connection is closed: %s', async (_, answer) => {
    const server = await startRawServer(answer);
    const gateway = await runWith(server.url, 150);
    await send(gateway);
    await eventually(async () => expect(await deadLetters(gateway)).toHaveLength(1));
    expect(server.attempts).toEqual(['1', '2']);
    await eventually(() => expect([...server.sockets].every((socket) => socket.destroyed)).toBe(true));
  });
});

describe('an answer that is unusual', () => {
  test.each<[string, Answer]>([
    ['204 with a length', (socket) => socket.write('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n')],
    ['204 with a body', (socket) => socket.write('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello')],
    [
      '204 with chunks',
      (socket) => socket.write('HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
    ],
    ['of HTTP/1.0', (socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nfine')],
    ['with a body up to the end of the connection', (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nfine')],
    ['after early hints', (socket) => socket.write(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${ok}`)],
    ['with bytes behind its end', (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nfine')],
    [
      'in pieces',
      (socket) => {
        const next = (index: number) => {
          if (index < ok.length) socket.write(ok.charAt(index), () => setTimeout(next, 1, index + 1));
        };
        next(0);
      },
    ],
  ])('is taken: %s', async (_, answer) => {
    const server = await startRawServer(answer);
    const gateway = await runWith(server.url);
    for (let count = 1; count <= 2; count++) {
      await send(gateway);
      await eventually(() => expect(server.attempts).toHaveLength(count));
    }
    await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
    expect(server.attempts).toEqual(['1', '1']);
    expect(await deadLetters(gateway)).toEqual([]);
  });

  test('is not read beyond 64 KiB: its status counts, and the connection is closed', async () => {
    const block = Buffer.alloc(1024 * 1024, '.');
    const server = await startRawServer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${100 * block.length}\r\n\r\n`);
      const pour = () => {
        while (socket.bytesWritten < 100 * block.length && socket.write(block));
      };
      socket.on('drain', pour);
      pour();
    });
    const gateway = await runWith(server.url);
    await send(gateway);
    await eventually(() => expect(server.attempts).toEqual(['1']));
    await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
    await eventually(() => expect([...server.sockets].every((socket) => socket.destroyed)).toBe(true));
    expect(Math.max(...[...server.sockets].map(({ bytesWritten }) => bytesWritten))).toBeLessThan(50 * block.length);
    expect(await deadLetters(gateway)).toEqual([]);
  });

  test.each<[string, (socket: Socket) => void]>([
    ['closed', (socket) => socket.destroy()],
    ['reset', (socket) => socket.resetAndDestroy()],
  ])(
    'is a kept-alive connection that is %s just when it is used again: posted again in the same attempt',
    async (_, end) => {
      const server = await startRawServer((socket, index) => (index === 1 ? end(socket) : socket.write(ok)));
      const gateway = await runWith(server.url);
      await send(gateway);
      await eventually(() => expect(server.attempts).toEqual(['1']));
      await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
      await send(gateway);
      await eventually(() => expect(server.attempts).toEqual(['1', '1', '1']));
      await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
      expect(server.attempts).toEqual(['1', '1', '1']);
      expect(await deadLetters(gateway)).toEqual([]);
    },
  );

  test('is a kept-alive connection that ends within its second answer: an attempt that failed', async () => {
    const server = await startRawServer((socket, index) => (index === 1 ? socket.end('HTTP/1.1 2') : socket.write(ok)));
    const gateway = await runWith(server.url);
    await send(gateway);
    await eventually(() => expect(gateway.unacknowledged()).toEqual([]));
    await send(gateway);
    await eventually(() => expect(server.attempts).toEqual(['1', '1', '2']));
  });
});
