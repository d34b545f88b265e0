import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the range from which systems give ports to outgoing connections. A port from that range could be taken by any
// client while the broker is stopped, or a client which retries could even connect to itself.
const LOWEST = 12_000;
const HIGHEST = 32_000;

// Each worker of the test runner has a part of its own: a broker takes its ports only seconds after they were chosen.
const PARTS = 8;
const SIZE = (HIGHEST - LOWEST) / PARTS;
const MINE = LOWEST + (Number(process.env.VITEST_POOL_ID ?? 0) % PARTS) * SIZE;

/** Ports of 127.0.0.1 on which nothing listens. */
export async function findFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(MINE, MINE + SIZE);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
