import type { PostOptions } from '../post-to.ts';

/** Options of the messages of one routing key that an application pulls. */
export type PullOptions = Pick<PostOptions, 'when' | 'schema' | 'contentType' | 'body'>;

/** The settings of an application that pulls its messages. */
export interface PullSettings {
  /** Milliseconds of a lease, where the pull names none. */
  readonly leaseMs: number;
  /** The longest time from a pull to the end of its leases, in milliseconds, extensions included. */
  readonly longestLeaseMs: number;
  /** Milliseconds for which a message that no pull has room for waits in this process, before it returns to the queue. */
  readonly holdMs: number;
}

/** Time beyond the longest lease, for the steps before and after it. The lease is the deadline of the handler. */
export const leaseMarginMs = 5_000;

const options: unique symbol = Symbol.for('littoral.pull-options') as never;

/** Makes the function of a handler whose messages are pulled. A gateway replaces it. */
export function pulled(given: PullOptions): () => Promise<void> {
  const handle = async () => {
    throw new Error('A handler whose messages are pulled is for a gateway.');
  };
  return Object.assign(handle, { [options]: given });
}

/** Returns the options of a function of `pulled`; undefined for any other function. */
export function pullOptionsOf(handle: unknown): PullOptions | undefined {
  return typeof handle === 'function' ? (handle as { [options]?: PullOptions })[options] : undefined;
}
