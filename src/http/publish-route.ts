import type { FastifyRequest, FastifySchema, RouteOptions } from 'fastify';
import type { SendReceipt } from '../distribution/distributed-bus.ts';
import { isLittoralError, LittoralError } from '../errors.ts';
import {
  type InvocationScope,
  type InvocationScopes,
  invokeInScope,
  UnlimitedTime,
} from '../handler/invocation-scope.ts';
import type { MethodInvoker } from '../handler/method-invoker.ts';
import { Header, type PayloadType } from '../message/message-headers.ts';
import { internalError } from './problem.ts';
import { type RequestMapping, requestToMessage } from './request-to-message.ts';

export interface PublishRoute {
  readonly url: string;
  readonly payloadType: PayloadType;
  readonly schema: FastifySchema;
  /** The method of the bus that sends the body as it is. */
  readonly send: MethodInvoker;
  /** The method that converts it first. */
  readonly convertAndSend: MethodInvoker;
  /** The path's parameters. */
  readonly keys: (request: FastifyRequest) => { readonly destination: string; readonly routingKey: string };
}

export interface PublishContext {
  readonly mapping: RequestMapping;
  /** Names the channel in every answer. */
  readonly channel: string;
  readonly scopes: InvocationScopes;
  /** Whether the gateway is shutting down and takes nothing more. */
  readonly isDraining: () => boolean;
}

/** A route that is a handler: its request becomes a message, from which a method of the bus is called. */
export function publishRoute(
  route: PublishRoute,
  { mapping, channel, scopes, isDraining }: PublishContext,
): RouteOptions {
  const { url, schema, payloadType, send, convertAndSend, keys } = route;
  return {
    method: 'POST',
    url,
    schema,
    async handler(request, reply) {
      if (isDraining()) throw new LittoralError('draining', 'Nothing was sent: this gateway is shutting down.');
      const { rawHeaders } = request.raw;
      const body = request.body as Uint8Array | undefined;
      const { destination, routingKey } = keys(request);
      const message = requestToMessage({ payloadType, destination, routingKey, rawHeaders, body }, mapping);
      const invoker = message.headers[Header.targetMediaType] === undefined ? send : convertAndSend;
      const receipt = await receiptOf(invoker, scopes.open({ message, time: new UnlimitedTime() }));
      if (!receipt.routed && isStrict(request)) {
        const detail = `Nobody subscribes to '${String(message.headers[Header.routingKey])}'; the event went nowhere.`;
        throw new LittoralError('no-subscriber', detail, { messageId: receipt.messageId });
      }
      const { messageId, correlationId, routed } = receipt;
      return reply.code(202).header('message-id', messageId).send({ messageId, correlationId, routed, channel });
    },
  };
}

/** A converter of the configuration can throw anything; nothing of it is an error of the request. */
async function receiptOf(invoker: MethodInvoker, scope: InvocationScope): Promise<SendReceipt> {
  try {
    return (await invokeInScope(invoker, scope)) as SendReceipt;
  } catch (error) {
    throw isLittoralError(error) ? error : internalError(error);
  }
}

/** `Prefer: handling=strict` (RFC 7240 section 4.4). */
function isStrict({ headers }: FastifyRequest): boolean {
  const preferences = String(headers.prefer ?? '').split(/[,;]/);
  return preferences.some((preference) => /^\s*handling\s*=\s*"?strict"?\s*$/i.test(preference));
}
