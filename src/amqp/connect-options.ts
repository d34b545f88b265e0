import type { Options, SocketOptions } from 'amqplib';
import type { AmqpAddress } from './amqp-url.ts';

/** How a connection to the broker is made. */
export interface ConnectOptions {
  readonly address: AmqpAddress;
  /** Shown in the broker's list of connections. */
  readonly name: string;
  /** `publishing`, `consuming` or `browsing`: a client property, and a field of the log. */
  readonly role: string;
  /** A broker that is silent for twice as long is taken for dead. */
  readonly heartbeatSeconds: number;
  readonly connectTimeoutMs: number;
  /** Certificates to trust for `amqps://`, instead of those that Node trusts. PEM. */
  readonly ca?: string | undefined;
}

// What one turn of the event loop publishes goes out in one write; Node's 16 KB would cut it into many.
const wholeTurns = { highWaterMark: 1024 * 1024 };

/** The arguments of amqplib's `connect`. */
export function connectArguments(options: ConnectOptions): [Options.Connect, SocketOptions] {
  const { address, name, role, heartbeatSeconds, connectTimeoutMs, ca } = options;
  return [
    { ...address.connect, heartbeat: heartbeatSeconds },
    {
      // Without it every small write waits for the acknowledgement of the one before.
      noDelay: true,
      ...wholeTurns,
      timeout: connectTimeoutMs,
      clientProperties: { connection_name: name, role },
      ...(ca === undefined ? {} : { ca }),
    },
  ];
}
