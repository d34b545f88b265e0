import { randomBytes } from 'node:crypto';
import { connect } from 'amqplib';
import type { BrokerAddress } from './broker.ts';
import { eventually } from './eventually.ts';
import { createManagement, credentialsOf } from './management.ts';

interface QueueInfo {
  readonly name: string;
  /** `classic`, `quorum` or `stream`. */
  readonly type: string;
  readonly durable: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Ready and unacknowledged messages. */
  readonly messages: number;
}

interface BindingInfo {
  readonly source: string;
  readonly destination: string;
  readonly destinationType: 'queue' | 'exchange';
  readonly routingKey: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

interface ConnectionInfo {
  /** RabbitMQ's own name of the connection: the addresses of both ends. */
  readonly name: string;
  /** The name which the client gave itself (`client_properties.connection_name`). */
  readonly connectionName: string | undefined;
}

interface Policy {
  /** Regular expression of the names it applies to. */
  readonly pattern: string;
  readonly definition: Readonly<Record<string, unknown>>;
  /** Default: `queues`. */
  readonly applyTo?: 'queues' | 'exchanges' | 'all';
}

/** A virtual host of its own, so that tests share a broker but neither exchanges nor queues. */
export interface Vhost {
  readonly name: string;
  /** AMQP address of the broker, including this vhost. */
  readonly url: string;
  queues(): Promise<QueueInfo[]>;
  /** All bindings except the default exchange's, which each queue has. */
  bindings(): Promise<BindingInfo[]>;
  /** Open connections, as the statistics know them: a new one appears within 1 s, on a broker not ours within 5 s. */
  connections(): Promise<ConnectionInfo[]>;
  /**
   * Has the broker close all connections of this vhost, and returns how many it closed. A busy broker can miss one that
   * was opened in this very moment, and fail over one that ends; when it closes none and fails, that is thrown.
   */
  closeConnections(): Promise<number>;
  /** How many messages are ready in a queue, at this very moment; throws when there is no such queue. */
  messages(queue: string): Promise<number>;
  setPolicy(name: string, policy: Policy): Promise<void>;
  /** Deletes a policy; does nothing if there is none. */
  deletePolicy(name: string): Promise<void>;
  /** Limits the number of queues of the vhost; -1 for no limit. */
  limitQueues(value: number): Promise<void>;
  /** Deletes a queue with what is in it; does nothing when there is none. */
  deleteQueue(queue: string): Promise<void>;
  /** Deletes an exchange with all its bindings; does nothing when there is none. */
  deleteExchange(exchange: string): Promise<void>;
  /** Deletes the binding of a queue by a key, whatever its arguments are; does nothing when there is none. */
  deleteBinding(binding: Pick<BindingInfo, 'source' | 'destination' | 'routingKey'>): Promise<void>;
  /** Deletes the vhost with everything in it; its connections are closed by the broker. */
  close(): Promise<void>;
}

// The connection by which messages() counts is none of the tested ones.
const OWN_CONNECTION = 'littoral-test-vhost';

/**
 * Creates a vhost with a random name, in which the user of `broker.url` may do everything.
 *
 * @throws when the management API does not answer or refuses; the message says what to do.
 */
export async function createVhost(broker: BrokerAddress): Promise<Vhost> {
  const management = createManagement(broker);
  const name = `littoral-test-${randomBytes(6).toString('hex')}`;
  const { username } = credentialsOf(broker.url);
  const address = new URL(broker.url);
  address.pathname = `/${name}`;
  const url = address.href;

  await management.put(`/api/vhosts/${name}`, {});
  const permissions = { configure: '.*', write: '.*', read: '.*' };
  await management.put(`/api/permissions/${name}/${encodeURIComponent(username)}`, permissions);

  async function openConnections(): Promise<string[]> {
    // This list is the broker's own: it has neither client properties nor statistics, and hardly lags.
    const connections = await management.get<Connection[]>('/api/connections?disable_stats=true');
    return connections.filter(({ vhost }) => vhost === name).map((connection) => connection.name);
  }

  async function closeConnection(connection: string): Promise<boolean> {
    return eventually(async () => {
      if (await management.delete(`/api/connections/${encodeURIComponent(connection)}`)) return true;
      // What the statistics do not know yet is not found, although it is open.
      if ((await openConnections()).includes(connection)) throw new Error(`Could not close connection ${connection}`);
      return false;
    });
  }

  return {
    name,
    url,
    async queues() {
      // These totals are asked of the queues themselves; the statistics lag behind.
      const path = `/api/queues/${name}?disable_stats=true&enable_queue_totals=true`;
      const queues = await management.get<QueueInfo[]>(path);
      return queues.map(({ name, type, durable, arguments: args, messages }) => {
        return { name, type, durable, arguments: args, messages };
      });
    },
    async bindings() {
      const bindings = await management.get<Binding[]>(`/api/bindings/${name}`);
      return bindings
        .filter(({ source }) => source !== '')
        .map(({ source, destination, destination_type, routing_key, arguments: args }) => {
          return { source, destination, destinationType: destination_type, routingKey: routing_key, arguments: args };
        });
    },
    async connections() {
      const connections = await management.get<Connection[]>(`/api/vhosts/${name}/connections`);
      return connections
        .map(({ name, client_properties }) => ({ name, connectionName: client_properties?.connection_name }))
        .filter(({ connectionName }) => connectionName !== OWN_CONNECTION);
    },
    async closeConnections() {
      const results = await Promise.allSettled((await openConnections()).map(closeConnection));
      const closed = results.filter((result) => result.status === 'fulfilled' && result.value).length;
      const failed = results.find((result) => result.status === 'rejected');
      if (closed === 0 && failed) throw failed.reason;
      return closed;
    },
    async messages(queue) {
      const connection = await connect(url, { clientProperties: { connection_name: OWN_CONNECTION } });
      try {
        connection.on('error', () => {});
        const channel = await connection.createChannel();
        channel.on('error', () => {});
        return (await channel.checkQueue(queue)).messageCount;
      } finally {
        await connection.close();
      }
    },
    async setPolicy(policy, { pattern, definition, applyTo = 'queues' }) {
      const path = `/api/policies/${name}/${encodeURIComponent(policy)}`;
      await management.put(path, { pattern, definition, 'apply-to': applyTo });
    },
    async deletePolicy(policy) {
      await management.delete(`/api/policies/${name}/${encodeURIComponent(policy)}`);
    },
    limitQueues: (value) => management.put(`/api/vhost-limits/${name}/max-queues`, { value }),
    async deleteQueue(queue) {
      await management.delete(`/api/queues/${name}/${encodeURIComponent(queue)}`);
    },
    async deleteExchange(exchange) {
      await management.delete(`/api/exchanges/${name}/${encodeURIComponent(exchange)}`);
    },
    async deleteBinding({ source, destination, routingKey }) {
      const path = `/api/bindings/${name}/e/${encodeURIComponent(source)}/q/${encodeURIComponent(destination)}`;
      const bindings = await management.get<Binding[]>(path);
      for (const { routing_key, properties_key } of bindings) {
        if (routing_key === routingKey) await management.delete(`${path}/${encodeURIComponent(properties_key)}`);
      }
    },
    async close() {
      await management.delete(`/api/vhosts/${name}`);
    },
  };
}

interface Binding {
  readonly source: string;
  readonly destination: string;
  readonly destination_type: 'queue' | 'exchange';
  readonly routing_key: string;
  /** The API's name of the binding among those of the same exchange and queue. */
  readonly properties_key: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

interface Connection {
  readonly name: string;
  readonly vhost: string;
  readonly client_properties?: { readonly connection_name?: string };
}
