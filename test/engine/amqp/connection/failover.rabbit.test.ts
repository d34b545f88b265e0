import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { defineCommandHandler } from 'littoral';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../../broker/eventually.ts';
import { useVhost } from '../../../broker/use-vhost.ts';
import { startTcpProxy, type TcpProxy } from '../../../chaos/tcp-proxy.ts';
import { post, type RunningGateway, runGateway, untilReady } from '../../../flow/gateway-fixture.ts';

const vhost = useVhost();

/** A proxy to the broker that can be cut, with its URL. */
async function openWay(hostname = '127.0.0.1'): Promise<TcpProxy & { readonly url: string }> {
  const url = new URL(vhost.url);
  const proxy = await startTcpProxy(Number(url.port));
  onTestFinished(() => proxy.close());
  url.hostname = hostname;
  url.port = String(proxy.port);
  return { ...proxy, url: url.href };
}

async function runService(service: string, urls: string[] | string) {
  const handled: unknown[] = [];
  const lines: string[] = [];
  const handle = (payload: unknown) => void handled.push(payload);
  const handlers = [defineCommandHandler({ routingKey: 'pay', distributed: true, handle })];
  const broker = typeof urls === 'string' ? { url: urls } : { urls };
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
  const gateway = await runGateway({ service, broker: { ...broker, connectTimeoutMs: 2_000 }, handlers }, { logger });
  return { ...gateway, handled, lines };
}

function untilAccepted(gateway: RunningGateway, service: string, payload: unknown): Promise<void> {
  return eventually(async () => expect((await post(gateway, `/commands/${service}/pay`, payload)).status).toBe(202));
}

describe('several URLs of a broker', () => {
  test('are not all tried for a probe on a separate connection', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const url = new URL(vhost.url);
    url.port = String((silent.address() as AddressInfo).port);
    url.hostname = '127.0.0.1';
    const broker = { urls: [url.href, vhost.url], connectTimeoutMs: 4_000, confirmTimeoutMs: 3_000 };
    const gateway = await runGateway({ service: 'asking', broker });
    expect(await post(gateway, `/events/${encodeURIComponent('日本')}`, 1)).toMatchObject({ status: 202 });
  });

  test('are used in turn, whichever of them is cut', async () => {
    const ways = [await openWay(), await openWay()] as const;
    const gateway = await runService('turns', ways.map(({ url }) => url).join(','));
    for (const [index, way] of [...ways, ...ways].entries()) {
      way.cut();
      await untilAccepted(gateway, 'turns', index);
      await eventually(() => expect(gateway.handled).toContain(index));
      // The queue of due messages is consumed on the same connection, and may be attached after that of the commands.
      await untilReady(gateway);
      way.mend();
    }
  });

  test('are all tried before the start ends, and failing ones are reported without secrets', async () => {
    const dead = ['amqp://u:hunter2@127.0.0.1:1', 'amqp://u:hunter2@127.0.0.1:2'];
    const gateway = await runService('dead', dead);
    const ready = await fetch(`${gateway.address}/readyz`);
    const text = await ready.text();
    expect(ready.status).toBe(503);
    expect(text).toContain('amqp://127.0.0.1:1');
    expect(text).toContain('amqp://127.0.0.1:2');
    expect(text + gateway.lines.join('')).not.toContain('hunter2');
    // A repeated failure is logged once.
    for (const address of ['127.0.0.1:1', '127.0.0.1:2']) {
      const told = gateway.lines.filter(
        (line) => line.includes(`cannot use amqp://${address}`) && line.includes('consuming'),
      );
      expect(told).toHaveLength(1);
    }
  });

  test('lead to the dead letters as well', async () => {
    const way = await openWay();
    const gateway = await runService(
      'looking',
      ['amqp://127.0.0.1:1/%2F', way.url].map((url) => withVhost(url)),
    );
    await untilAccepted(gateway, 'looking', 1);
    const answers = Array.from({ length: 4 }, () => fetch(`${gateway.address}/dead-letters`));
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
  });
});

test('a host name with several addresses is reached at the one that answers', async () => {
  // The proxy listens on 127.0.0.1 alone, and localhost can be ::1 first.
  const way = await openWay('localhost');
  const gateway = await runService('named', way.url);
  await untilAccepted(gateway, 'named', 1);
  await eventually(() => expect(gateway.handled).toEqual([1]));
});

/** All URLs must name the same vhost. */
function withVhost(text: string): string {
  const url = new URL(text);
  url.pathname = new URL(vhost.url).pathname;
  return url.href;
}
