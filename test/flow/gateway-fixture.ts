import { expect, onTestFinished } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway/gateway.ts';
import { eventually } from '../broker/eventually.ts';
import { quietLogger } from '../logs/quiet-logger.ts';
import { secretWord, watchPayload } from '../logs/secret-watch.ts';

export interface RunningGateway extends Gateway {
  /** Where it listens: `http://127.0.0.1:…`. */
  readonly address: string;
}

/** A gateway that listens and has been started, quiet, and stopped when the test has finished. */
export async function runGateway(config: Config, options: GatewayOptions = {}): Promise<RunningGateway> {
  const settings = {
    shutdownTimeoutMs: 2000,
    ...config,
    http: { port: 0, ...config.http },
    // A delay may need many queues, and some machines are slow to declare them.
    broker: { confirmTimeoutMs: 60_000, ...config.broker },
  };
  const gateway = createGateway(settings, { environment: {}, logger: quietLogger(), ...options });
  onTestFinished(() => gateway.stop());
  const address = await gateway.listen();
  await gateway.start();
  return { ...gateway, address };
}

/** Asks a gateway whether it is ready. */
export function readiness({ address }: Pick<RunningGateway, 'address'>): Promise<Response> {
  return fetch(`${address}/readyz`);
}

/** Waits until it says that it is ready, which after an outage can take its time. */
export async function untilReady({ address }: Pick<RunningGateway, 'address'>): Promise<void> {
  const isReady = async () => {
    const answer = await readiness({ address });
    expect(answer.status, await answer.text()).toBe(200);
  };
  await eventually(isReady, { timeoutMs: 120_000 });
}

/** What came back for a request. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the gateway answered
  readonly body: any;
}

/** Sends JSON to a gateway. */
export async function post(
  gateway: RunningGateway,
  path: string,
  payload: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const body = JSON.stringify(payload);
  watchPayload(body);
  const response = await fetch(gateway.address + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: `session=${secretWord}`, ...headers },
    body,
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}
