import type { QueueBrowser } from './browsing.ts';
import type { Subscriber } from './delivery.ts';
import type { Publisher } from './publication.ts';

/**
 * The port to a broker: it publishes to the bus that all services share, sends to one queue by name, and receives from
 * the queue of a service. One contract suite (`test/engine/engine-contract.ts`) runs against every engine, with the
 * groups that its features name.
 */
export interface Engine extends Publisher, Subscriber, QueueBrowser {
  /** The name that users see in `/readyz`, in every 202 and in the first lines of the log. */
  readonly name: string;

  /** True if messages outlive the process. */
  readonly durable: boolean;

  readonly features: EngineFeatures;

  /**
   * Starts to connect. A failed attempt is repeated until `close`.
   *
   * @returns when the first attempt has ended, connected or not: a gateway starts without its broker
   * @throws LittoralError `topology-mismatch` if the first attempt found what another attempt cannot change
   */
  start(): Promise<void>;

  /** Returns what `/readyz` reports. */
  health(): EngineHealth;

  /** Returns numbers of this moment, without asking the broker. */
  status(): EngineStatus;

  /**
   * Counts the messages that wait in a queue of any kind, without unacknowledged ones. Never rejects.
   *
   * @returns undefined while the count is unknown: no connection, no such queue, or no answer
   */
  countWaiting(queue: string): Promise<number | undefined>;

  /**
   * Waits for what is in flight, up to the deadline, then closes. Unsettled deliveries are requeued in their order,
   * which may take a moment beyond the deadline. From the call on nothing can be published, so handlers that still send
   * must have finished before.
   */
  close(deadlineMs: number): Promise<void>;
}

/** The capabilities in which engines differ. Each adapter declares its own as a constant. */
export interface EngineFeatures {
  /** `each`: a delivery is settled alone, in any order. `upTo`: with all deliveries before it, as in a log. */
  readonly settle: 'each' | 'upTo';
  /** `reported`: a receipt says that no queue took the message. `silent`: every receipt says that it was routed. */
  readonly unroutable: 'reported' | 'silent';
  /** True if the engine takes publications with a delay. */
  readonly delays: boolean;
  /**
   * `inPlace`: a browse can remove any message, and leaves the others in their places. `cursor`: a browse only reads.
   * `none`: waiting messages cannot be seen.
   */
  readonly browse: 'inPlace' | 'cursor' | 'none';
  /** `queue`: a queue keeps the order of its messages, returned ones included. `key`: only those of one key do. */
  readonly order: 'queue' | 'key' | 'none';
}

/** Numbers of an engine, for metrics. */
export interface EngineStatus {
  /** Number of publishes without a confirm. */
  readonly inFlight: number;
  /** Size of their bodies in bytes. */
  readonly inFlightBytes: number;
  /** The connections to the broker; none for an engine within the process. */
  readonly connections: readonly EngineConnection[];
}

export interface EngineConnection {
  readonly role: string;
  readonly isConnected: boolean;
  /** True while the broker accepts nothing on it. */
  readonly isBlocked: boolean;
}

export interface EngineHealth {
  /** True if a publish can be accepted now. */
  readonly ready: boolean;
  /** The reason if it cannot. Holds no secrets. */
  readonly reason?: string | undefined;
  /** A problem that does not stop publishing, such as an absent dead letter queue. Holds no secrets. */
  readonly warning?: string | undefined;
}
