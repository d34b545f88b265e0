import type { BrokerAddress } from './broker.ts';

/** Requests to the management HTTP API; each throws when the API does not answer, or answers with an error. */
export interface Management {
  get<T>(path: string): Promise<T>;
  put(path: string, body: object): Promise<void>;
  /** Returns whether the thing was there; that it was not is no error. */
  delete(path: string): Promise<boolean>;
}

/** A client of a broker's management HTTP API with the credentials of its AMQP URL. */
export function createManagement({ url, managementUrl }: BrokerAddress): Management {
  const { username, password } = credentialsOf(url);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

  async function request(method: string, path: string, body?: object): Promise<Response> {
    const send = () =>
      fetch(new URL(path, managementUrl), {
        method,
        headers: { authorization, 'content-type': 'application/json' },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(30_000),
      });
    let response: Response;
    try {
      // RabbitMQ can close an idle connection at the moment in which it is used again. Each of these requests can be
      // repeated.
      response = await send().catch((error) => {
        if (!isClosedSocket(error)) throw error;
        return send();
      });
    } catch (error) {
      throw new Error(
        `The management API of RabbitMQ does not answer at ${managementUrl} (${method} ${path}). Turn it on with ` +
          '"rabbitmq-plugins enable rabbitmq_management", or set RABBITMQ_MANAGEMENT_URL to where it listens.',
        { cause: error },
      );
    }
    if (response.ok || (method === 'DELETE' && response.status === 404)) return response;
    const hint =
      response.status === 401 ? ` User "${username}" needs the right password and the tag "administrator".` : '';
    throw new Error(
      `The management API of RabbitMQ answers ${response.status} to ${method} ${path}: ${await response.text()}${hint}`,
    );
  }

  return {
    async get<T>(path: string) {
      const response = await request('GET', path);
      return (await response.json()) as T;
    },
    async put(path, body) {
      const response = await request('PUT', path, body);
      await response.arrayBuffer();
    },
    async delete(path) {
      const response = await request('DELETE', path);
      await response.arrayBuffer();
      return response.ok;
    },
  };
}

function isClosedSocket(error: unknown): boolean {
  const { code } = Object(Object(error).cause) as { code?: unknown };
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET';
}

/** User and password of an AMQP URL; RabbitMQ's default where there are none. */
export function credentialsOf(url: string): { username: string; password: string } {
  const { username, password } = new URL(url);
  return { username: decodeURIComponent(username) || 'guest', password: decodeURIComponent(password) || 'guest' };
}
