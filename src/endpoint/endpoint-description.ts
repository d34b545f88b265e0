import { handlerKind } from '../handler/handler-definition.ts';
import type { HandlerRegistry } from '../handler/handler-registry.ts';
import type { ParameterDescription } from '../handler/method-invoker.ts';

/** One handler, for people and programs that ask what runs here. */
interface HandlerDescription {
  readonly endpointId: string;
  readonly kind: 'command' | 'event';
  /** As it was declared: that of an event can be a pattern. */
  readonly routingKey: string;
  /** Whether other services reach it through the bus. */
  readonly distributed: boolean;
  readonly parameters: readonly ParameterDescription[];
}

/** What receives the messages of a service, and calls its handlers. */
export interface EndpointDescription {
  /** The name of the service. */
  readonly name: string;
  /** The queue on the broker. */
  readonly queue: string;
  /** How many messages are handled at once. */
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
