import type { FastifyRequest, FastifySchema, RouteOptions } from 'fastify';
import type { DistributedBus } from '../../bus/distributed-bus.ts';
import type { SendReceipt } from '../../bus/send-receipt.ts';
import type { SendRequest } from '../../bus/send-request.ts';
import { isLittoralError, LittoralError } from '../../errors.ts';
import {
  type InvocationScope,
  type InvocationScopes,
  invokeInScope,
  NoDeadline,
} from '../../handler/invocation-scope.ts';
import { type MethodInvoker, methodInvoker } from '../../handler/method-invoker.ts';
import type { ParameterContext } from '../../parameter/parameter-converter.ts';
import { payload } from '../../parameter/payload.ts';
import type { Access } from '../auth/access.ts';
import type { SendPermission } from '../auth/permission.ts';
import type { BatchRoom } from '../entries/batch-room.ts';
import type { BatchLimits } from '../entries/entries-to-message.ts';
import type { Limits } from '../limits/limits.ts';
import { internalError } from '../problem.ts';
import type { RequestMapping } from './request-mapping.ts';
import { type AddressEvent, type Addressed, requestToMessage } from './request-to-message.ts';

export interface PublishRoute {
  readonly url: string;
  readonly schema: FastifySchema;
  /** Reads the path's parameters. */
  readonly address: (params: unknown) => Addressed | AddressEvent;
  /** Returns the permission that a request needs, as far as its headers say. Default: by its address. */
  readonly permission?: (request: FastifyRequest) => SendPermission | undefined;
}

export interface PublishContext {
  /** Decides who may send; undefined if every caller may. */
  readonly access?: Access | undefined;
  /** Decides how much callers may send; undefined without limits. */
  readonly limits?: Limits | undefined;
  readonly bus: Pick<DistributedBus, 'send' | 'sendAll' | 'openSends'>;
  /** The context from which the parameters of a route are resolved. */
  readonly parameters: ParameterContext;
  readonly mapping: RequestMapping;
  /** Names the channel in every answer. */
  readonly channel: string;
  readonly scopes: InvocationScopes;
  /** The places in flight of batches. */
  readonly batchRoom: BatchRoom;
  readonly batchLimits: BatchLimits;
  /** Returns whether the gateway is shutting down and accepts no more messages. */
  readonly isDraining: () => boolean;
}

/** Returns a route that is a handler: its request becomes a message, from which the bus is called. */
export function publishRoute(route: PublishRoute, context: PublishContext): RouteOptions {
  const { url, schema, address, permission = ({ params }) => permissionTo(address(params)) } = route;
  const { bus, parameters, channel, scopes, isDraining, access, limits } = context;
  const site = { ...parameters, handler: `route POST ${url}` };
  const invoker = methodInvoker([payload()], (request: SendRequest) => bus.send(request), site);
  return {
    method: 'POST',
    url,
    schema,
    config: { permission },
    async handler(request, reply) {
      const { rawHeaders } = request.raw;
      // An application can finish what it handles, as a function can.
      if (isDraining()) assertHasParent(request);
      const body = request.body as Uint8Array | undefined;
      const message = requestToMessage({ to: address(request.params), rawHeaders, body }, mappingFor(request, context));
      // The address of a request that has it in its headers or its body is not that which was granted.
      access?.assertGranted(request, message.payload);
      limits?.countMessage(request, reply, message.payload);
      const receipt = await receiptOf(invoker, scopes.open({ message, deadline: new NoDeadline() }));
      if (!receipt.routed && isStrict(request)) {
        throw noSubscriber(message.payload, receipt);
      }
      const { messageId, correlationId, routed } = receipt;
      return reply.code(202).header('message-id', messageId).send({ messageId, correlationId, routed, channel });
    },
  };
}

/** @returns undefined for a request whose event is its address */
function permissionTo(to: Addressed | AddressEvent): SendPermission | undefined {
  return typeof to === 'function' ? undefined : to;
}

/** Returns how requests of the caller become messages. */
export function mappingFor(request: FastifyRequest, { access, mapping }: PublishContext): RequestMapping {
  if (!access) return mapping;
  const principal = access.principalOf(request);
  // All fields are named, because a spread takes longer.
  const complete: { [Field in keyof Required<RequestMapping>]: RequestMapping[Field] } = {
    forwardHeaders: mapping.forwardHeaders,
    idempotencyScopeHeader: mapping.idempotencyScopeHeader,
    callerScope: principal?.scope,
    callerHeader: access.callerHeader?.(principal),
    findParent: mapping.findParent,
  };
  return complete;
}

/** @throws LittoralError `draining` for a request that no message which is being handled has caused */
export function assertHasParent({ headers }: FastifyRequest): void {
  if (headers['message-parent-id'] !== undefined) return;
  throw new LittoralError('draining', 'Nothing was sent: this gateway is shutting down.');
}

/** A converter of the configuration can throw anything; nothing of it is an error of the request. */
async function receiptOf(invoker: MethodInvoker, scope: InvocationScope): Promise<SendReceipt> {
  try {
    return (await invokeInScope(invoker, scope)) as SendReceipt;
  } catch (error) {
    throw isLittoralError(error) ? error : internalError(error);
  }
}

/** Returns the error for an event that nothing subscribes to. */
export function noSubscriber({ routingKey }: SendRequest, { messageId }: SendReceipt): LittoralError {
  const detail = `No service subscribes to '${routingKey}'; the event was dropped.`;
  return new LittoralError('no-subscriber', detail, { messageId });
}

/** `Prefer: handling=strict` (RFC 7240 section 4.4). */
export function isStrict({ headers }: FastifyRequest): boolean {
  const preferences = String(headers.prefer ?? '').split(/[,;]/);
  return preferences.some((preference) => /^\s*handling\s*=\s*"?strict"?\s*$/i.test(preference));
}
