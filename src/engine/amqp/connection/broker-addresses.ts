import type { AmqpAddress } from './amqp-url.ts';

// The pauses are not longer because only the delivery limit moves a message that ends the connection while it is
// read, and each connection counts once towards that limit.
const pauses = { firstMs: 50, maxMs: 2_000, jitter: 0.3 };

interface Node {
  readonly address: AmqpAddress;
  /** Number of failed attempts since the last success. */
  failures: number;
  /** Earliest time of the next attempt. */
  notBeforeMs: number;
}

/** The addresses of one broker, with the order in which they are tried. */
export class BrokerAddresses {
  #nodes: readonly Node[];

  constructor(addresses: readonly AmqpAddress[]) {
    this.#nodes = addresses.map((address) => ({ address, failures: 0, notBeforeMs: 0 }));
  }

  get count(): number {
    return this.#nodes.length;
  }

  /** Replaces the addresses. One of the same host keeps what is known of it, because only its credentials are others. */
  replace(addresses: readonly AmqpAddress[]): void {
    const earlier = [...this.#nodes];
    this.#nodes = addresses.map((address) => {
      const index = earlier.findIndex((node) => node.address.display === address.display);
      const [node = { failures: 0, notBeforeMs: 0 }] = index === -1 ? [] : earlier.splice(index, 1);
      return { ...node, address };
    });
  }

  /** Returns a random address among those with the fewest failures, and the time to wait before it is tried. */
  next(): { readonly address: AmqpAddress; readonly waitMs: number } {
    const now = performance.now();
    const due = this.#nodes.filter(({ notBeforeMs }) => notBeforeMs <= now);
    const fewest = Math.min(...due.map(({ failures }) => failures));
    const best = due.filter(({ failures }) => failures === fewest);
    const node = best[Math.floor(Math.random() * best.length)] ?? earliest(this.#nodes);
    return { address: node.address, waitMs: Math.max(0, node.notBeforeMs - now) };
  }

  succeeded(address: AmqpAddress): void {
    const node = this.#nodeOf(address);
    if (node) node.failures = 0;
  }

  /** @param tookMs duration of the attempt: an address that does not answer is tried for half of the time at most */
  failed(address: AmqpAddress, tookMs: number): void {
    const node = this.#nodeOf(address);
    if (node === undefined) return;
    const { firstMs, maxMs, jitter } = pauses;
    const share = 1 - jitter * Math.random();
    const pauseMs = Math.min(maxMs, firstMs * 2 ** node.failures) * share;
    node.failures += 1;
    node.notBeforeMs = performance.now() + (this.#nodes.length > 1 ? Math.max(pauseMs, tookMs) : pauseMs);
  }

  /** @returns undefined for an address that was replaced */
  #nodeOf({ display }: AmqpAddress): Node | undefined {
    return this.#nodes.find(({ address }) => address.display === display);
  }
}

function earliest(nodes: readonly Node[]): Node {
  return nodes.reduce((one, other) => (other.notBeforeMs < one.notBeforeMs ? other : one));
}
