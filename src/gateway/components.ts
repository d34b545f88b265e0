import { asFunction, asValue, createContainer, InjectionMode } from 'awilix/browser';
import { CommandBus, type LocalBusOptions } from '../bus/command-bus.ts';
import { DistributedBus, type DistributedBusOptions } from '../bus/distributed-bus.ts';
import { EventBus } from '../bus/event-bus.ts';
import { ParentMessages } from '../bus/parent-messages.ts';
import { PendingCalls } from '../bus/pending-calls.ts';
import { SendWindow } from '../bus/send-window.ts';
import { ServiceMap } from '../bus/service-map.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import { ConversionService } from '../conversion/conversion-service.ts';
import { DeadLetters } from '../dead-letter/dead-letters.ts';
import { InProcessDeduplicationStore } from '../deduplication/stores/in-process-deduplication-store.ts';
import type { UnhandledSettings } from '../deferral/unhandled-settings.ts';
import { DelayedMessageForwarder } from '../delay/delayed-message-forwarder.ts';
import type { Applications } from '../delivery/applications.ts';
import type { Discovery } from '../delivery/discovery.ts';
import { RecipientResolver } from '../endpoint/recipient-resolver.ts';
import { type DeliveryStage, ServiceEndpoint } from '../endpoint/service-endpoint.ts';
import { Deduplication } from '../endpoint/stages/deduplication.ts';
import { AmqpEngine } from '../engine/amqp/amqp-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { InMemoryEngine } from '../engine/in-memory/in-memory-engine.ts';
import { HandlerRegistry } from '../handler/handler-registry.ts';
import type { Logger } from '../logger.ts';
import type { GatewayMetrics } from '../observe/metrics/gateway-metrics.ts';
import type { HandlingMeasurement } from '../observe/metrics/handling-measurement.ts';
import { createTracing } from '../observe/trace/load-tracing.ts';
import type { Tracing } from '../observe/trace/tracing.ts';
import { DeadLetterOutlet } from '../recovery/dead-letter-outlet.ts';
import { ServiceContainer } from '../scope/service-container.ts';
import { type Clock, systemClock, type WallClock } from '../time/clock.ts';
import { createApplications, createDiscovery, handlersOfApplication } from './application-components.ts';
import { endpointHandlers } from './endpoint-handlers.ts';
import { createHandlingMeasurement, createMetrics, measuredEngine } from './metrics-components.ts';

/** The components of a gateway, by the names that their factories use. */
export interface Components {
  readonly config: ResolvedConfig;
  readonly logger: Logger;
  readonly conversion: ConversionService;
  readonly services: ServiceContainer;
  readonly registry: HandlerRegistry;
  readonly applications: Applications;
  readonly discovery: Discovery | undefined;
  readonly parentMessages: ParentMessages;
  readonly channel: Engine;
  /** The channel by which all parts publish: the same, or one that measures. */
  readonly observedChannel: Engine;
  /** The channel for messages that exist already: the same, or one that traces them. */
  readonly forwardingChannel: Engine;
  /** Undefined unless an SDK of OpenTelemetry has registered itself before. */
  readonly tracing: Tracing | undefined;
  readonly serviceMap: ServiceMap;
  readonly distributedBus: DistributedBus;
  /** Shared by all buses of the channel. */
  readonly sendWindow: SendWindow;
  readonly commandBus: CommandBus;
  readonly eventBus: EventBus;
  readonly pendingCalls: PendingCalls;
  readonly endpoint: ServiceEndpoint;
  readonly forwarder: DelayedMessageForwarder;
  readonly deadLetterOutlet: DeadLetterOutlet;
  readonly deadLetters: DeadLetters;
  readonly metrics: GatewayMetrics | undefined;
  /** Measures what is handled; undefined without metrics. */
  readonly handling: HandlingMeasurement | undefined;
}

/** Replacements for components, for a program that is not a whole gateway. */
export interface ComponentsOptions {
  /** Steps around every delivery of the endpoint, the first one outermost. Default: none. */
  readonly deliveryStages?: readonly DeliveryStage[];
  /** Default: the one that the configuration names. */
  readonly channel?: Engine;
  /** The clock that measures the age of handled messages. Default: the system's. */
  readonly clock?: Clock & WallClock;
}

/**
 * Creates the container of the components, each of which is created on first use.
 */
export function createComponents(
  config: ResolvedConfig,
  logger: Logger,
  { deliveryStages, channel, clock = systemClock }: ComponentsOptions = {},
): Components {
  const container = createContainer<Components>({ injectionMode: InjectionMode.PROXY, strict: true });
  container.register({
    config: asValue(config),
    logger: asValue(logger),
    conversion: asFunction(() => new ConversionService(config.converters, config.types, config)).singleton(),
    services: asFunction(createServices).singleton(),
    registry: asFunction(createRegistry).singleton(),
    applications: asFunction(createApplications).singleton(),
    discovery: asFunction(createDiscovery).singleton(),
    parentMessages: asFunction(() => new ParentMessages()).singleton(),
    channel: asFunction(() => channel ?? createChannel(config, logger)).singleton(),
    observedChannel: asFunction(({ channel, metrics }: Components) =>
      measuredEngine(channel, config, metrics),
    ).singleton(),
    forwardingChannel: asFunction(({ observedChannel, tracing }: Components) =>
      tracing ? tracing.forwarding(observedChannel) : observedChannel,
    ).singleton(),
    tracing: asFunction(({ channel }: Components) =>
      createTracing({ system: channel.name, queue: config.broker.queue }),
    ).singleton(),
    serviceMap: asFunction(({ config }: Components) => new ServiceMap(config.routes, config.service)).singleton(),
    distributedBus: asFunction(
      (components: Components) => new DistributedBus(distributedBusOptions(components)),
    ).singleton(),
    sendWindow: asFunction(() => new SendWindow()).singleton(),
    commandBus: asFunction((components: Components) => new CommandBus(localBusOptions(components))).singleton(),
    eventBus: asFunction((components: Components) => new EventBus(localBusOptions(components))).singleton(),
    pendingCalls: asFunction(() => new PendingCalls()).singleton(),
    endpoint: asFunction((components: Components) => createEndpoint(components, clock, deliveryStages)).singleton(),
    forwarder: asFunction(createForwarder).singleton(),
    deadLetterOutlet: asFunction(createDeadLetterOutlet).singleton(),
    deadLetters: asFunction(createDeadLetters).singleton(),
    metrics: asFunction((components: Components) => createMetrics(config, () => components.registry)).singleton(),
    handling: asFunction(({ metrics, channel }: Components) =>
      createHandlingMeasurement(metrics, config, channel),
    ).singleton(),
  });
  return container.cradle;
}

function createChannel({ channel, broker, service }: ResolvedConfig, logger: Logger): Engine {
  if (channel === 'in-memory') return new InMemoryEngine();
  const { url = '', urls, caFile, certFile, keyFile, checkDestinations: _, queue: _queue, ...limits } = broker;
  return new AmqpEngine({ ...limits, url: urls ?? url, service, tlsFiles: { caFile, certFile, keyFile }, logger });
}

/** Creates the service container. Each handler call has buses of its own; the process uses those of the components. */
function createServices(components: Components): ServiceContainer {
  const { config, logger } = components;
  return new ServiceContainer(config.container, {
    logger,
    distributedBus: (sendContext) =>
      sendContext ? new DistributedBus(distributedBusOptions(components), sendContext) : components.distributedBus,
    commandBus: (sendContext) =>
      sendContext ? new CommandBus(localBusOptions(components), sendContext) : components.commandBus,
    eventBus: (sendContext) =>
      sendContext ? new EventBus(localBusOptions(components), sendContext) : components.eventBus,
  });
}

function createRegistry({ config, conversion, services, applications }: Components): HandlerRegistry {
  const context = { conversion, services, variables: config.configuration, findRemote: applications.find };
  return new HandlerRegistry([...config.handlers, ...handlersOfApplication(config)], context);
}

function distributedBusOptions({
  config,
  observedChannel: channel,
  sendWindow,
  serviceMap,
  conversion,
  registry,
  tracing,
}: Components): DistributedBusOptions {
  return {
    tracing,
    service: config.service,
    channel,
    sendWindow,
    conversion,
    registry,
    checkDestinations: config.broker.checkDestinations,
    serviceMap,
    defaultSerializationMediaType: config.defaultSerializationMediaType,
    allowPhpSerialized: config.allowPhpSerialized,
  };
}

function localBusOptions({ registry, conversion, services: scopes, pendingCalls }: Components): LocalBusOptions {
  return { registry, conversion, scopes, pendingCalls };
}

function createEndpoint(
  {
    config,
    forwardingChannel: channel,
    registry,
    services,
    applications,
    deadLetterOutlet,
    handling,
    tracing,
    logger,
  }: Components,
  clock: Clock & WallClock,
  deliveryStages: readonly DeliveryStage[] = [],
): ServiceEndpoint {
  const observers = [tracing, handling].filter((observer) => observer !== undefined);
  return new ServiceEndpoint({
    service: config.service,
    queue: config.broker.queue,
    channel,
    scopes: services,
    messages: new RecipientResolver(config.service, registry, channel),
    ...endpointHandlers(config, registry),
    gateChanges: config.application || registry.gates().length > 0 ? applications : undefined,
    retiredBindingKeys: config.retiredKeys,
    concurrency: config.concurrency,
    handlerTimeoutMs: config.handlerTimeoutMs,
    retries: config.retries,
    finalFailureStrategy: config.finalFailureStrategy,
    unhandled: unhandledSettings(config),
    logger,
    clock,
    maxDecodedBytes: config.maxDecodedBytes,
    deduplication: createDeduplication(config, clock, logger),
    deliveryStages: [...observers.map(({ delivery }) => delivery), ...deliveryStages],
    callStages: observers.map(({ call }) => call),
    deadLetterOutlet,
  });
}

function unhandledSettings({ unhandled: { then: afterGrace, ...settings } }: ResolvedConfig): UnhandledSettings {
  return { ...settings, afterGrace };
}

function createDeduplication(config: ResolvedConfig, clock: Clock, logger: Logger): Deduplication {
  const { enabled, store, ...limits } = config.deduplication;
  return new Deduplication({
    service: config.service,
    store: store ?? new InProcessDeduplicationStore({ ...limits, clock }),
    enabled,
    timeoutMs: config.handlerTimeoutMs,
    logger,
  });
}

function createForwarder({
  config,
  forwardingChannel: channel,
  serviceMap,
  deadLetterOutlet,
  logger,
}: Components): DelayedMessageForwarder {
  const { service, broker } = config;
  const { checkDestinations } = broker;
  return new DelayedMessageForwarder({ service, channel, checkDestinations, serviceMap, deadLetterOutlet, logger });
}

function createDeadLetterOutlet({ config, forwardingChannel: channel, logger }: Components): DeadLetterOutlet {
  return new DeadLetterOutlet({ service: config.service, channel, logger });
}

function createDeadLetters({ config, forwardingChannel: channel, logger }: Components): DeadLetters {
  return new DeadLetters({ service: config.service, queue: config.broker.queue, channel, logger });
}
