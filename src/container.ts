import { readFileSync } from 'node:fs';
import { asFunction, asValue, createContainer, InjectionMode } from 'awilix';
import { AmqpChannel } from './amqp/amqp-channel.ts';
import { InMemoryChannel } from './channel/in-memory-channel.ts';
import type { MessageChannel } from './channel/message-channel.ts';
import { ConversionService } from './conversion/conversion-service.ts';
import { DistributedBus } from './distribution/distributed-bus.ts';
import { DistributedMessageHandler } from './distribution/distributed-message-handler.ts';
import type { AroundDelivery } from './endpoint/around-delivery.ts';
import { ServiceEndpoint } from './endpoint/service-endpoint.ts';
import { HandlerRegistry } from './handler/handler-registry.ts';
import type { Logger } from './logger.ts';
import type { ResolvedConfig } from './resolve-config.ts';

/** The parts of a gateway, by the names under which they find each other. */
export interface Parts {
  readonly config: ResolvedConfig;
  readonly logger: Logger;
  readonly conversion: ConversionService;
  readonly registry: HandlerRegistry;
  readonly channel: MessageChannel;
  readonly distributedBus: DistributedBus;
  readonly endpoint: ServiceEndpoint;
}

/**
 * @param aroundDelivery watches every delivery of the endpoint. Default: nobody does
 * @returns a container in which every part of the gateway is made when first asked for
 */
export function createParts(config: ResolvedConfig, logger: Logger, aroundDelivery?: AroundDelivery): Parts {
  const container = createContainer<Parts>({ injectionMode: InjectionMode.PROXY, strict: true });
  container.register({
    config: asValue(config),
    logger: asValue(logger),
    conversion: asFunction(() => new ConversionService(config.converters)).singleton(),
    registry: asFunction(({ conversion }: Parts) => new HandlerRegistry(config.handlers, conversion)).singleton(),
    channel: asFunction(() => createChannel(config, logger)).singleton(),
    distributedBus: asFunction(createDistributedBus).singleton(),
    endpoint: asFunction((parts: Parts) => createEndpoint(parts, aroundDelivery)).singleton(),
  });
  return container.cradle;
}

function createChannel({ channel, broker, service }: ResolvedConfig, logger: Logger): MessageChannel {
  if (channel === 'in-memory') return new InMemoryChannel();
  const { url = '', caFile, checkDestinations: _, ...limits } = broker;
  const ca = caFile === undefined ? undefined : readFileSync(caFile, 'utf8');
  return new AmqpChannel({ ...limits, url, service, ca, logger });
}

function createDistributedBus({ config, channel, conversion, registry }: Parts): DistributedBus {
  return new DistributedBus({
    service: config.service,
    channel,
    conversion,
    registry,
    checkDestinations: config.broker.checkDestinations,
    defaultSerializationMediaType: config.defaultSerializationMediaType,
  });
}

function createEndpoint(
  { config, channel, registry, logger }: Parts,
  aroundDelivery: AroundDelivery | undefined,
): ServiceEndpoint {
  return new ServiceEndpoint({
    service: config.service,
    channel,
    messages: new DistributedMessageHandler(config.service, registry),
    eventBindingKeys: registry.eventBindingKeys(),
    concurrency: config.concurrency,
    handlerTimeoutMs: config.handlerTimeoutMs,
    logger,
    aroundDelivery,
  });
}
