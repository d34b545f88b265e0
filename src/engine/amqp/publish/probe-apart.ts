import { type ChannelModel, connect } from 'amqplib';
import type { AmqpAddress } from '../connection/amqp-url.ts';
import { closeConnection } from '../connection/close-connection.ts';
import { type ConnectOptions, connectArguments } from '../connection/connect-options.ts';
import { endOf, rememberEnd } from '../connection/connection-end.ts';
import { type ProbeAnswer, probePublish } from './publish-probe.ts';
import type { Route } from './publish-refusal.ts';

/** Options for a connection that is used for one probe. */
export interface ProbeConnectionOptions extends Omit<ConnectOptions, 'address' | 'role'> {
  /** Returns the addresses of the nodes of one broker. */
  readonly addresses: () => readonly AmqpAddress[];
  /** A function that returns the address in use, which is tried first because the others can be unreachable. */
  readonly current?: () => AmqpAddress | undefined;
}

const plainKey = /^[ -~]*$/;

/** Returns whether RabbitMQ can put a key into the text of a refusal. */
export function isPlainKey(key: string): boolean {
  return plainKey.test(key);
}

/**
 * Probes a publish on a separate connection. RabbitMQ (4.0.5) ends the whole connection, with 541, over a key that it
 * refuses and cannot put into the refusal text, because the key is not ASCII.
 *
 * @throws what `probePublish` throws, and what amqplib throws when it cannot connect
 */
export async function probeApart(options: ProbeConnectionOptions, route: Route, bytes: number): Promise<ProbeAnswer> {
  const model = await connectToAny(options);
  rememberEnd(model);
  try {
    return await probePublish(model, route, bytes);
  } catch (error) {
    const end = endOf(model);
    if (!end?.message.includes('541')) throw end ?? error;
    return {
      kind: 'key',
      text: `${end.message}, which is how it refuses a key that is not ASCII`,
      maxBytes: undefined,
    };
  } finally {
    await closeConnection(model);
  }
}

async function connectToAny({ addresses, current, ...options }: ProbeConnectionOptions): Promise<ChannelModel> {
  let failure: unknown;
  const all = addresses();
  const { display } = current?.() ?? {};
  // The one in use is first, with the credentials that are current.
  const ordered = [...all].sort((one, other) => Number(other.display === display) - Number(one.display === display));
  for (const address of ordered) {
    try {
      return await connect(...connectArguments({ ...options, address, role: 'probing' }));
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
