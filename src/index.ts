export type { CommandBus } from './bus/command-bus.ts';
export type { ConversionOptions, DistributedBus } from './bus/distributed-bus.ts';
export type { EventBus } from './bus/event-bus.ts';
export type { LocalSendOptions } from './bus/local-message.ts';
export type { SendResult } from './bus/ordered-sends.ts';
export type { SendAllOptions } from './bus/send-list.ts';
export type { SendOptions } from './bus/send-options.ts';
export type { SendReceipt } from './bus/send-receipt.ts';
export type { SendRequest } from './bus/send-request.ts';
export type { ApplicationConfig, HealthConfig } from './config/application-config.ts';
export type { BrokerConfig } from './config/broker-config.ts';
export { type Config, defineConfig } from './config/config.ts';
export type { DeduplicationConfig } from './config/deduplication-config.ts';
export type { HttpConfig } from './config/http-config.ts';
export { type LoadHandlersOptions, loadHandlers } from './config/load-handlers.ts';
export type { SubscriptionConfig } from './config/subscription-config.ts';
export type { MediaType } from './conversion/media-type.ts';
export type { MediaTypeConverter } from './conversion/media-type-converter.ts';
export { defineTypeConverter, type TypeConverter } from './conversion/type-converter.ts';
export type { Deduplicate, DeduplicationKey } from './deduplication/deduplication-key.ts';
export type { DeduplicationStore } from './deduplication/deduplication-store.ts';
export { type PostFormat, type PostOptions, type PostToOptions, postTo } from './delivery/post-to.ts';
export { type ErrorCode, type Issue, isLittoralError, LittoralError, type Outcome } from './errors.ts';
export { createGateway, type Gateway, type GatewayOptions } from './gateway/gateway.ts';
export { defineCommandHandler, defineEventHandler } from './handler/define-handler.ts';
export type { HandlerDefinition, HandlerOptions } from './handler/handler-definition.ts';
export type { ErrorKind, InstantRetries, Retries } from './handler/retries.ts';
export { Reject, RetryLater, type RetryLaterOptions } from './handler/retry-hint.ts';
export type { Logger } from './logger.ts';
export type { Message } from './message/message.ts';
export { Header, type MessageHeaders } from './message/message-headers.ts';
export { abortSignal } from './parameter/abort-signal.ts';
export { configurationVariable } from './parameter/configuration-variable.ts';
export type { Expression } from './parameter/expression.ts';
export type { ExpressionScope } from './parameter/expression-scope.ts';
export { header } from './parameter/header.ts';
export { headers } from './parameter/headers.ts';
export { message } from './parameter/message.ts';
export {
  type Invocation,
  type ParameterConverter,
  type ParameterSite,
  parameterConverter,
} from './parameter/parameter-converter.ts';
export { payload } from './parameter/payload.ts';
export { reference } from './parameter/reference.ts';
// All of it, with a star: only so can `declare module 'littoral'` add to the interfaces in it.
export * from './parameter/references.ts';
export type { FinalFailureStrategy } from './recovery/final-failure-strategy.ts';
export { instance } from './schema/instance.ts';
export type { Class, TargetType, ValueOf } from './schema/target-type.ts';
export type { RegisterServices } from './scope/service-container.ts';
export type { Metadata } from './wire/metadata.ts';
