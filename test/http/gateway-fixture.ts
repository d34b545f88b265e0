import type { LightMyRequestResponse } from 'fastify';
import { expect, onTestFinished } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { InMemoryEngine } from '../../src/engine/in-memory/in-memory-engine.ts';
import { type ErrorCode, errorTable } from '../../src/errors.ts';
import type { Gateway } from '../../src/gateway/gateway.ts';
import type { TransportMessage } from '../../src/message/transport-message.ts';
import { startTestGateway, type TestGateway } from '../../src/testing.ts';
import { deadLetterQueue, serviceQueue } from '../../src/wire/service-queue.ts';
import { quietLogger } from '../logs/quiet-logger.ts';
import { secretWord, watchPayload } from '../logs/secret-watch.ts';

export const quiet = { environment: {}, logger: quietLogger() };

/** A started gateway of the service `shop`, stopped when the test has finished. */
export async function openGateway(config: Config = {}): Promise<TestGateway> {
  const gateway = await start(config);
  onTestFinished(() => gateway.stop());
  return gateway;
}

let shared: Promise<TestGateway> | undefined;

/** One gateway for all tests that neither configure nor change it, for as long as their process lives. */
export function sharedGateway(): Promise<TestGateway> {
  shared ??= start({});
  return shared;
}

/** Other services exist once there is a queue of theirs. */
function start(config: Config): Promise<TestGateway> {
  return startTestGateway({ service: 'shop', ...config }, { otherServices: [], logger: quietLogger() });
}

/**
 * The queue of another service on the gateway's bus, which nobody consumes.
 *
 * @param bindingKeys default: the service's name
 * @returns gives what has arrived from now on
 */
export function openQueue({ channel }: Gateway, service: string, bindingKeys = [service]): () => TransportMessage[] {
  const queue = serviceQueue(service);
  const onDelivery = () => expect.unreachable('nobody consumes this queue');
  const subscription = { queue, deadLetterQueue: deadLetterQueue(service), bindingKeys, prefetch: 1, onDelivery };
  void channel.subscribe(subscription).stop();
  if (!(channel instanceof InMemoryEngine)) return expect.unreachable('these tests need no broker');
  const earlier = channel.messages(queue).length;
  return () => channel.messages(queue).slice(earlier);
}

export interface Request {
  readonly url?: string;
  /** A list is a header that is repeated. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array;
}

/** Posts to a gateway; without more the command `change` to `billing`, as plain text. */
export async function post({ app }: Gateway, request: Request = {}): Promise<LightMyRequestResponse> {
  const { url = '/commands/billing/change', body, headers } = request;
  const contentType = body === undefined ? {} : { 'content-type': 'text/plain' };
  const payload = typeof body === 'string' ? body : body && Buffer.from(body);
  if (payload !== undefined) watchPayload(payload.toString());
  return app.inject({
    method: 'POST',
    url,
    headers: { ...contentType, cookie: `session=${secretWord}`, ...(headers as Record<string, string>) },
    ...(payload === undefined ? {} : { payload }),
  });
}

/** Posts, expects that it was taken, and gives the one message that arrived at the service `billing`. */
export async function arrival(gateway: Gateway, request: Request = {}): Promise<TransportMessage> {
  const messages = openQueue(gateway, 'billing', ['billing', '*']);
  const { statusCode, body } = await post(gateway, request);
  expect({ statusCode, body }).toMatchObject({ statusCode: 202 });
  const [message, ...others] = messages();
  expect(others).toEqual([]);
  return message ?? expect.unreachable('nothing arrived');
}

/** The headers of the one message that a request became. */
export async function arrivedHeaders(headers: Request['headers'] = {}, config?: Config) {
  const message = await arrival(await (config ? openGateway(config) : sharedGateway()), { headers });
  return message.headers;
}

/** Expects the problem document of an error, whole, and returns it. */
export function expectProblem(
  response: Pick<LightMyRequestResponse, 'statusCode' | 'headers' | 'body'>,
  code: ErrorCode,
) {
  const problem = JSON.parse(response.body);
  expect(problem).toMatchObject({ code });
  const { status, title, retryable, ...kind } = errorTable[code] as (typeof errorTable)['nacked'];
  expect(problem).toMatchObject({
    type: `urn:littoral:problem:${code}`,
    title,
    status,
    detail: expect.stringMatching(/\S/),
    retryable,
    outcome: kind.outcome ?? 'not-accepted',
  });
  expect(response.statusCode).toBe(status);
  expect(response.headers['content-type']).toBe('application/problem+json');
  expect(response.headers['x-content-type-options']).toBe('nosniff');
  return problem;
}
