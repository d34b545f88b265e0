import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { expect, onTestFinished } from 'vitest';
import type { Gateway } from '../../../src/gateway/gateway.ts';
import { eventually } from '../../broker/eventually.ts';
import { portOf } from '../exchange.ts';

// biome-ignore lint/suspicious/noExplicitAny: whatever JSON the gateway answered
type Json = any;

/** A caller of `POST /stream`. */
export interface StreamClient {
  readonly request: ClientRequest;
  readonly response: Promise<IncomingMessage>;
  /** All lines so far. */
  readonly lines: Json[];
  /** The lines that belong to entries. */
  results(): Json[];
  notices(): Json[];
  write(text: string): void;
  send(...entries: unknown[]): void;
  /** Ends the request, and waits for the last line. */
  end(): Promise<Json>;
  /** Resolves with the last line, once the answer has ended. */
  ended(): Promise<Json>;
  /** Waits until so many results are there. */
  answered(count: number): Promise<void>;
}

export async function openStream(
  gateway: Pick<Gateway, 'app'>,
  headers: Record<string, string> = {},
): Promise<StreamClient> {
  const port = await portOf(gateway);
  const request = httpRequest({
    port,
    method: 'POST',
    path: '/stream',
    headers: { 'content-type': 'application/x-ndjson', ...headers },
  });
  onTestFinished(() => void request.destroy());
  request.on('error', () => {});
  request.flushHeaders();
  const response = new Promise<IncomingMessage>((resolve, reject) =>
    request.on('response', resolve).on('error', reject),
  );
  response.catch(() => {});
  const lines: Json[] = [];
  let rest = '';
  let hasEnded = false;
  void response.then(
    (incoming) => {
      incoming.setEncoding('utf8');
      incoming.on('data', (text) => {
        const parts = (rest + text).split('\n');
        rest = parts.pop() ?? '';
        for (const part of parts) lines.push(JSON.parse(part));
      });
      incoming.on('error', () => {});
      incoming.on('close', () => {
        hasEnded = true;
      });
    },
    () => {},
  );
  const client: StreamClient = {
    request,
    response,
    lines,
    results: () => lines.filter((line) => line.notice === undefined),
    notices: () => lines.filter((line) => line.notice !== undefined),
    write: (text) => void request.write(text),
    send: (...entries) => void request.write(entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')),
    end() {
      request.end();
      return client.ended();
    },
    async ended() {
      await eventually(() => expect(hasEnded).toBe(true));
      return lines.at(-1);
    },
    answered: (count) => eventually(() => expect(client.results().length).toBeGreaterThanOrEqual(count)),
  };
  return client;
}

export const event = (n: number) => ({ kind: 'event', routingKey: 'order.placed', payload: { n } });
