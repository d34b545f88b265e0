import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway.ts';
import { eventually } from '../../broker/eventually.ts';
import { exchangeAll } from '../exchange.ts';
import { expectProblem, openGateway, openQueue, sharedGateway } from '../gateway-fixture.ts';
import { openWire, type Wire } from '../wire.ts';

const config = { http: { bodyLimit: 1000, maxInFlightBytes: 1000 } };
const head = 'POST /events/a HTTP/1.1\nHost: localhost\nContent-Type: text/plain\n';

/** A request whose body of 1000 bytes lacks its last one. */
async function almostWhole(gateway: Gateway): Promise<Wire> {
  const wire = await openWire(gateway);
  wire.write(`${head}Content-Length: 1000\n\n${'x'.repeat(999)}`);
  return wire;
}

/** Sends until the answer has this status, because other requests take and release memory in their own turns. */
async function untilStatus(gateway: Gateway, length: number, status: number): Promise<string> {
  let answer = '';
  await eventually(async () => {
    const wire = await openWire(gateway);
    wire.write(`${head}Connection: close\nContent-Length: ${length}\n\n${'x'.repeat(length)}`);
    await wire.ended();
    answer = wire.received();
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });
  return answer;
}

/** Delays the next publish. */
function hold({ channel }: Gateway): { readonly published: Promise<void>; confirm(): void } {
  const { publish } = channel;
  let confirm = () => {};
  const confirmed = new Promise<void>((resolve) => {
    confirm = resolve;
  });
  const published = new Promise<void>((resolve) => {
    channel.publish = async (publication) => {
      channel.publish = publish;
      resolve();
      await confirmed;
      return publish.call(channel, publication);
    };
  });
  return { published, confirm };
}

describe('a body for which there is no memory left', () => {
  test('is refused with Retry-After, without effect on the one that holds the memory', async () => {
    const gateway = await openGateway(config);
    const messages = openQueue(gateway, 'listener', ['*']);
    const first = await almostWhole(gateway);
    const answer = await untilStatus(gateway, 2, 429);
    expect(answer).toMatch(/^retry-after: 1\r$/im);
    expect(answer).toContain('"code":"too-many-in-flight"');
    expect(answer).toContain('"outcome":"not-accepted"');
    expect(answer).toContain('http.maxInFlightBytes');
    first.write('x');
    await first.answered(/^HTTP\/1.1 202 /);
    expect(messages()).toHaveLength(1);
  });

  test('is refused by its announced length, before `100 Continue`', async () => {
    const gateway = await openGateway(config);
    await almostWhole(gateway);
    await untilStatus(gateway, 2, 429);
    const wire = await openWire(gateway);
    wire.write(`${head}Expect: 100-continue\nContent-Length: 2\n\n`);
    await wire.answered(/^HTTP\/1.1 429 .*\r\nconnection: close\r\n/is);
    await wire.ended();
  });

  test('is refused in chunks, once it exceeds the rest', async () => {
    const gateway = await openGateway(config);
    const first = await openWire(gateway);
    first.write(`${head}Content-Length: 600\n\n${'x'.repeat(599)}`);
    await untilStatus(gateway, 500, 429);
    const wire = await openWire(gateway);
    wire.write(`${head}Transfer-Encoding: chunked\n\n`);
    for (let piece = 0; piece < 50; piece++) wire.write('A\nxxxxxxxxxx\n');
    await wire.answered(/^HTTP\/1.1 429 /);
    first.write('x');
    await first.answered(/^HTTP\/1.1 202 /);
  });

  test('does not lock out one without a body', async () => {
    const gateway = await openGateway(config);
    await almostWhole(gateway);
    await untilStatus(gateway, 2, 429);
    await untilStatus(gateway, 0, 202);
  });
});

describe('the memory of a body', () => {
  test('is not reserved by an announced length', async () => {
    const gateway = await openGateway(config);
    for (let connection = 0; connection < 5; connection++) {
      (await openWire(gateway)).write(`${head}Content-Length: 1000\n\nx`);
    }
    await untilStatus(gateway, 900, 202);
  });

  test.each(['destroy', 'resetAndDestroy'] as const)('is released when its caller leaves by %s', async (leave) => {
    const gateway = await openGateway(config);
    const { socket } = await almostWhole(gateway);
    await untilStatus(gateway, 2, 429);
    socket[leave]();
    await untilStatus(gateway, 1000, 202);
  });

  test('is released when the rest of the body is broken', async () => {
    const gateway = await openGateway(config);
    const wire = await openWire(gateway);
    wire.write(`${head}Transfer-Encoding: chunked\n\n3E0\n${'x'.repeat(992)}\n`);
    await untilStatus(gateway, 900, 429);
    wire.write('zz\n');
    await wire.answered(/^HTTP\/1.1 400 /);
    await untilStatus(gateway, 1000, 202);
  });

  test('is released when the body grows too large', async () => {
    const gateway = await openGateway(config);
    const wire = await openWire(gateway);
    wire.write(`${head}Transfer-Encoding: chunked\n\n3E9\n${'x'.repeat(1001)}\n`);
    await wire.answered(/^HTTP\/1.1 413 /);
    await untilStatus(gateway, 1000, 202);
  });

  test.each(['stays', 'has left'])(
    'is held while the message waits for its confirm, even if its caller %s',
    async (caller) => {
      const gateway = await openGateway(config);
      const { published, confirm } = hold(gateway);
      const wire = await almostWhole(gateway);
      wire.write('x');
      await published;
      if (caller === 'has left') {
        wire.socket.destroy();
        await untilStatus(gateway, 0, 202);
      }
      await untilStatus(gateway, 1, 429);
      confirm();
      await untilStatus(gateway, 1000, 202);
    },
  );

  test('is released after an answer that is not 202', async () => {
    const gateway = await openGateway(config);
    const body = 'x'.repeat(1000);
    for (const [url, type, status] of [
      ['/commands/nowhere/a', 'text/plain', 404],
      ['/events/a', 'application/json', 400],
      ['/events/a', 'none', 415],
      ['/dead-letters/replay', 'application/json', 400],
    ]) {
      const request = `POST ${url} HTTP/1.1\nHost: localhost\nContent-Type: ${type}\nContent-Length: 1000\n\n${body}`;
      const wire = await openWire(gateway);
      wire.write(request);
      await wire.answered(new RegExp(`^HTTP/1.1 ${status} `));
    }
    await untilStatus(gateway, 1000, 202);
  });

  test('is counted for all requests of a pipelining connection', async () => {
    const gateway = await openGateway(config);
    const { published, confirm } = hold(gateway);
    const wire = await openWire(gateway);
    const request = `${head}Content-Length: 600\n\n${'x'.repeat(600)}`;
    wire.write(request);
    await published;
    wire.write(request);
    await untilStatus(gateway, 600, 429);
    confirm();
    await wire.answered(/^HTTP\/1.1 202 .*HTTP\/1.1 429 /s);
  });
});

describe('a body', () => {
  test('arrives whole, in chunks of any size, with chunk extensions and trailers', async () => {
    const gateway = await sharedGateway();
    const messages = openQueue(gateway, 'pieces', ['pieces']);
    const extension = fc.constantFrom('', ';a=b', ';a="b c"');
    const chunk = fc.tuple(fc.string({ unit: fc.constantFrom('a', '0', '\r', '\n', '\xff'), minLength: 1 }), extension);
    const trailer = fc.constantFrom('', 'A: b\n', 'Message-Id: x\n');
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 20 }), trailer, async (chunks, trailers) => {
        const wire = await openWire(gateway);
        const lines = chunks.map(([text, rest]) => `${text.length.toString(16)}${rest}\r\n${text}\r\n`).join('');
        const start = head.replace('/events/a', '/events/pieces').replaceAll('\n', '\r\n');
        const end = `0\r\n${trailers.replace('\n', '\r\n')}\r\n`;
        wire.socket.write(Buffer.from(`${start}Transfer-Encoding: chunked\r\n\r\n${lines}${end}`, 'latin1'));
        await wire.answered(/^HTTP\/1.1 202 /);
        sent += 1;
        const body = messages()[sent - 1]?.body ?? [];
        expect(Buffer.from(body).toString('latin1')).toBe(chunks.map(([text]) => text).join(''));
      }),
      { numRuns: 50 },
    );
  });

  test('arrives whole in a hundred thousand chunks of one byte', async () => {
    const gateway = await sharedGateway();
    const messages = openQueue(gateway, 'bytes', ['bytes']);
    const start = head.replace('/events/a', '/events/bytes');
    const wire = await openWire(gateway);
    wire.write(`${start}Transfer-Encoding: chunked\n\n${'1\nx\n'.repeat(100_000)}0\n\n`);
    await wire.answered(/^HTTP\/1.1 202 /);
    expect(messages().map(({ body }) => body.byteLength)).toEqual([100_000]);
  });

  test('is requested with `100 Continue` if its caller waits for it', async () => {
    const gateway = await sharedGateway();
    const wire = await openWire(gateway);
    wire.write(`${head}Expect: 100-continue\nContent-Length: 1\n\n`);
    await wire.answered(/^HTTP\/1.1 100 Continue\r\n\r\n$/);
    wire.write('a');
    await wire.answered(/HTTP\/1.1 202 /);
  });

  test.each([
    ['its site is foreign', 'POST /events/a HTTP/1.1\nHost: evil.example\n', 403],
    ['there is no such route', 'POST /nowhere HTTP/1.1\nHost: localhost\n', 404],
    ['the route has no such method', 'PUT /events/a HTTP/1.1\nHost: localhost\n', 405],
    ['its length is beyond the limit', `${head.replace('\n', '\nX: y\n')}`, 413],
    ['the path is malformed', 'POST /events/%zz HTTP/1.1\nHost: localhost\n', 400],
    ['the method has no body', 'GET /livez HTTP/1.1\nHost: localhost\n', 200],
  ])('is not requested with `100 Continue` when %s', async (_why, start, status) => {
    const wire = await openWire(await sharedGateway());
    wire.write(`${start}Expect: 100-continue\nContent-Length: 2000000\n\n`);
    await wire.answered(new RegExp(`^HTTP/1.1 ${status} .*\\r\\nconnection: close\\r\\n`, 'is'));
    await wire.ended();
  });
});

describe('a body that is not read', () => {
  const starts = [
    ['no route has it', 'POST /nowhere HTTP/1.1\nHost: localhost\n', 404],
    ['the route has no such method', 'PUT /events/a HTTP/1.1\nHost: localhost\n', 405],
    ['its site is foreign', 'POST /events/a HTTP/1.1\nHost: evil.example\n', 403],
    ['its media type is none', 'POST /events/a HTTP/1.1\nHost: localhost\nContent-Type: x\n', 415],
    ['the path is malformed', 'POST /events/%zz HTTP/1.1\nHost: localhost\n', 400],
    ['the method has none', 'GET /livez HTTP/1.1\nHost: localhost\n', 200],
    ['the method has none, and the answer neither', 'HEAD /livez HTTP/1.1\nHost: localhost\n', 200],
  ] as const;

  test.each(starts)('leaves the connection open if it is small: %s', async (_why, start, status) => {
    const requests = `${start}Content-Length: 5\n\nabcde`;
    const last = 'GET /livez HTTP/1.1\nHost: localhost\nConnection: close\n\n';
    const wire = await openWire(await sharedGateway());
    wire.write(requests + last);
    await wire.ended();
    expect(wire.received()).toMatch(new RegExp(`^HTTP/1.1 ${status} .*HTTP/1.1 200 OK`, 's'));
  });

  test.each(starts)('ends the connection if it is endless, and the answer is read: %s', async (_why, start, status) => {
    const wire = await openWire(await sharedGateway());
    wire.write(`${start}Transfer-Encoding: chunked\n\n`);
    const more = setInterval(() => wire.write(`FFFF\n${'x'.repeat(0xffff)}\n`), 1);
    await wire.answered(new RegExp(`^HTTP/1.1 ${status} .*\\r\\nconnection: close\\r\\n`, 'is'));
    await wire.ended();
    clearInterval(more);
    // The bytes that follow are not a request.
    expect(wire.received().match(/HTTP\/1.1/g)).toHaveLength(1);
  });

  test('is the last on its connection if it ends the connection', async () => {
    const gateway = await openGateway();
    const messages = openQueue(gateway, 'listener', ['*']);
    const smuggled = 'POST /events/a HTTP/1.1\nHost: localhost\n\n';
    const wire = await openWire(gateway);
    wire.write(`POST /nowhere HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n\n0\n\n${smuggled}`);
    await wire.answered(/^HTTP\/1.1 404 /);
    wire.socket.end();
    await wire.ended();
    const answers = await exchangeAll(gateway, 'GET /livez HTTP/1.1\nHost: localhost\nConnection: close\n\n');
    expect(answers).toMatchObject([{ statusCode: 200 }]);
    expect(messages()).toEqual([]);
  });
});

describe('a limit of zero', () => {
  test.each(['maxInFlightBytes', 'minBodyBytesPerSecond', 'maxConnections'])(
    'is rejected for http.%s',
    async (name) => {
      await expect(openGateway({ http: { [name]: 0 } })).rejects.toMatchObject({ code: 'invalid-configuration' });
    },
  );

  test('is refused like a total limit below that of a single body', async () => {
    await expect(openGateway({ http: { bodyLimit: 1001, maxInFlightBytes: 1000 } })).rejects.toMatchObject({
      code: 'invalid-configuration',
      message: expect.stringContaining('http.maxInFlightBytes'),
    });
  });
});

test('a body whose length differs from its announced length is refused', async () => {
  const { app } = await sharedGateway();
  const headers = { 'content-type': 'text/plain', 'content-length': '5' };
  expectProblem(await app.inject({ method: 'POST', url: '/events/a', headers, payload: 'abc' }), 'malformed-request');
});
