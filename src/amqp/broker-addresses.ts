import type { AmqpAddress } from './amqp-url.ts';

// No longer pauses: a message that ends the connection while it is being read is only moved by the delivery limit,
// after as many connections.
const pauses = { firstMs: 50, maxMs: 2_000, jitter: 0.3 };

interface Node {
  readonly address: AmqpAddress;
  /** How many attempts have failed since the last good one. */
  failures: number;
  /** Before which it is not tried. */
  notBeforeMs: number;
}

/** The addresses of one broker, and which of them is tried next. */
export class BrokerAddresses {
  readonly #nodes: readonly Node[];

  constructor(addresses: readonly AmqpAddress[]) {
    this.#nodes = addresses.map((address) => ({ address, failures: 0, notBeforeMs: 0 }));
  }

  /** Returns an address and how long to wait before it is tried: one of those that failed least often, at random. */
  next(): { readonly address: AmqpAddress; readonly waitMs: number } {
    const now = performance.now();
    const due = this.#nodes.filter(({ notBeforeMs }) => notBeforeMs <= now);
    const fewest = Math.min(...due.map(({ failures }) => failures));
    const best = due.filter(({ failures }) => failures === fewest);
    const node = best[Math.floor(Math.random() * best.length)] ?? earliest(this.#nodes);
    return { address: node.address, waitMs: Math.max(0, node.notBeforeMs - now) };
  }

  succeeded(address: AmqpAddress): void {
    this.#nodeOf(address).failures = 0;
  }

  /** @param tookMs how long the attempt took: what does not answer is tried for half of the time at most */
  failed(address: AmqpAddress, tookMs: number): void {
    const node = this.#nodeOf(address);
    const { firstMs, maxMs, jitter } = pauses;
    const share = 1 - jitter * Math.random();
    const pauseMs = Math.min(maxMs, firstMs * 2 ** node.failures) * share;
    node.failures += 1;
    node.notBeforeMs = performance.now() + (this.#nodes.length > 1 ? Math.max(pauseMs, tookMs) : pauseMs);
  }

  #nodeOf(address: AmqpAddress): Node {
    const node = this.#nodes.find((candidate) => candidate.address === address);
    if (!node) throw new RangeError('not an address of this broker');
    return node;
  }
}

function earliest(nodes: readonly Node[]): Node {
  return nodes.reduce((one, other) => (other.notBeforeMs < one.notBeforeMs ? other : one));
}
