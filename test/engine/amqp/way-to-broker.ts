import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * A port that leads to the broker, open until the test has finished. Where one side of a connection ends, the other does.
 *
 * @param carry begins to carry the bytes of a connection, both ways
 * @returns the URL of the broker by this way
 */
export async function wayToBroker(url: string, carry: (client: Socket, broker: Socket) => void): Promise<string> {
  const way = new URL(url);
  const { hostname, port } = way;
  const server = createServer((client) => {
    const broker = connect(Number(port), hostname);
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
    carry(client, broker);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  way.hostname = '127.0.0.1';
  way.port = String((server.address() as AddressInfo).port);
  return way.href;
}
