import { credentials, type Options, type SocketOptions } from 'amqplib';
import type { TlsFiles } from '../../../file/tls-files.ts';
import type { AmqpAddress } from './amqp-url.ts';
import { freshContext } from './fresh-context.ts';

/** How a connection to the broker is made. */
export interface ConnectOptions {
  readonly address: AmqpAddress;
  /** Shown in the broker's list of connections. */
  readonly name: string;
  /** `publishing`, `consuming`, `browsing` or `probing`: a client property, and a field of the log. */
  readonly role: string;
  /** A broker that is silent for twice as long is taken for dead. */
  readonly heartbeatSeconds: number;
  readonly connectTimeoutMs: number;
  /** For `amqps://`, read at each attempt. */
  readonly tlsFiles?: TlsFiles | undefined;
}

/** What is known of a connection that was not made. */
export type ConnectFailureOptions = Pick<ConnectOptions, 'address' | 'tlsFiles' | 'connectTimeoutMs'>;

// What one turn of the event loop publishes goes out in one write; Node's 16 KB would cut it into many.
const wholeTurns = { highWaterMark: 1024 * 1024 };

/** The arguments of amqplib's `connect`. */
export function connectArguments(options: ConnectOptions): [Options.Connect, SocketOptions] {
  const { address, name, role, heartbeatSeconds, connectTimeoutMs, tlsFiles = {} } = options;
  const { caFile, certFile, keyFile } = tlsFiles;
  // Without a user in the URL, the certificate is what logs in.
  const isExternal = certFile !== undefined && address.connect.username === undefined;
  const hasFiles = [caFile, certFile, keyFile].some((file) => file !== undefined);
  return [
    { ...address.connect, heartbeat: heartbeatSeconds },
    {
      // Without it every small write waits for the acknowledgement of the one before.
      noDelay: true,
      ...wholeTurns,
      timeout: connectTimeoutMs,
      ...everyAddress(connectTimeoutMs),
      clientProperties: { connection_name: name, role },
      ...(isExternal ? { credentials: credentials.external() } : {}),
      ...(hasFiles ? { secureContext: freshContext(tlsFiles) } : {}),
    },
  ];
}

/**
 * Returns a connect function that tries each address of a host name. Node's default of 250 ms per address is too short
 * across regions.
 */
function everyAddress(connectTimeoutMs: number) {
  return { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: Math.max(10, Math.min(connectTimeoutMs, 1_000)) };
}
