import { handlerKind } from '../handler/handler-definition.ts';
import type { HandlerRegistry } from '../handler/handler-registry.ts';
import type { ParameterDescription } from '../handler/method-invoker.ts';

/** A description of one handler, for the list of endpoints. */
interface HandlerDescription {
  readonly endpointId: string;
  readonly kind: 'command' | 'event';
  /** The key as it was declared. The key of an event handler can be a pattern. */
  readonly routingKey: string;
  /** True if other services reach it through the bus. */
  readonly distributed: boolean;
  readonly parameters: readonly ParameterDescription[];
}

/** A description of an endpoint, which receives the messages of a service and calls its handlers. */
export interface EndpointDescription {
  /** The name of the service. */
  readonly name: string;
  /** The queue on the broker. */
  readonly queue: string;
  /** Maximum number of messages that are handled at once. */
  readonly concurrency: number;
  readonly handlers: readonly HandlerDescription[];
}

/** Describes the endpoint of a service. */
export function describeEndpoint(
  { service, queue, concurrency }: { readonly service: string; readonly queue: string; readonly concurrency: number },
  registry: HandlerRegistry,
): EndpointDescription {
  const handlers = registry.handlers().map(({ definition, endpointId, parameters }) => {
    const { routingKey, distributed } = definition;
    return { endpointId, kind: definition[handlerKind], routingKey, distributed, parameters };
  });
  return { name: service, queue, concurrency, handlers };
}
