import { setTimeout as delay } from 'node:timers/promises';
import { parseJson } from '../../src/conversion/json/parse-json.ts';
import { noteCall } from './outside-call.ts';

interface Delivery {
  readonly lease: string;
  readonly endpoint: string;
  readonly attempt: number;
  readonly message: { readonly 'Message-Id': string; readonly 'Message-Headers'?: Record<string, unknown> };
  readonly body: string;
}

/** Pulls messages from a gateway, whatever becomes of it, and notes each as a call. @returns a function that ends it */
export function startPuller(address: string, service: string, callLog: string): () => Promise<void> {
  const stopped = new AbortController();
  /** A settlement can take half a minute while no dead letter finds room: the next pull does not wait for it. */
  const handle = async ({ lease, endpoint, attempt, message, body }: Delivery) => {
    const { 'Message-Id': messageId, 'Message-Headers': headers = {} } = message;
    const call = { callLog, endpoint: `${service}:${endpoint}`, messageId, attempt, headers, body };
    const outcome = await noteCall(call);
    const settlement = outcome === 'succeeded' ? { done: [lease] } : { retry: [{ lease }] };
    await ask(`${address}/deliveries/settle`, settlement).catch(() => {});
  };
  const run = async () => {
    while (!stopped.signal.aborted) {
      const deliveries = await pull(address, stopped.signal);
      if (deliveries === undefined) {
        await delay(100);
        continue;
      }
      for (const delivery of deliveries) void handle(delivery);
    }
  };
  const running = run();
  return async () => {
    stopped.abort();
    await running;
  };
}

/** @returns undefined if the gateway does not answer, or says that it cannot */
async function pull(address: string, signal: AbortSignal): Promise<readonly Delivery[] | undefined> {
  try {
    const answer = await ask(`${address}/deliveries/pull`, { max: 5, waitMs: 500 }, signal);
    if (!answer.ok) return undefined;
    return (parseJson(await answer.text()) as { deliveries: Delivery[] }).deliveries;
  } catch {
    return undefined;
  }
}

function ask(url: string, body: object, signal: AbortSignal | null = null): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
}
