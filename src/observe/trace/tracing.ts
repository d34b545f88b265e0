import type { Context, Span, SpanContext, SpanKind, SpanStatusCode, Tracer } from '@opentelemetry/api';
import { type SendRequest, targetOf } from '../../bus/send-request.ts';
import type { SendSpan, SendTracing } from '../../bus/send-tracing.ts';
import type { HandlerCall, HandlerStage } from '../../endpoint/handler-call.ts';
import type { DeliveryStage } from '../../endpoint/service-endpoint.ts';
import { busExchange } from '../../engine/broker/bus-exchange.ts';
import type { Delivery } from '../../engine/delivery.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Publication, PublishReceipt } from '../../engine/publication.ts';
import { WrappedEngine } from '../../engine/wrapped-engine.ts';
import type { Message } from '../../message/message.ts';
import { Header, type MessageHeaders } from '../../message/message-headers.ts';
import type { SettledDelivery } from '../../recovery/delivery-outcome.ts';
import { isRecord } from '../../schema/is-record.ts';
import { classOf } from '../../text/error-chain.ts';
import { version } from '../../version.ts';
import { messageAttributes, placeOf } from './message-attributes.ts';
import { readTraceContext, writeTraceContext } from './trace-context.ts';

// Values of the API, which is loaded only where an SDK is there.
const spanKind = { CLIENT: 2 as SpanKind.CLIENT, PRODUCER: 3 as SpanKind.PRODUCER, CONSUMER: 4 as SpanKind.CONSUMER };
const spanError = 2 as SpanStatusCode.ERROR;

export type TraceApi = typeof import('@opentelemetry/api');

export interface TracingOptions {
  /** The name of the engine. */
  readonly system: string;
  /** The queue of the service. */
  readonly queue: string;
}

/**
 * The spans of a gateway, by OpenTelemetry's conventions for messaging. Attributes identify messages; none has a payload,
 * a header of a sender, or the text of an error.
 */
export class Tracing implements SendTracing {
  readonly #options: TracingOptions;
  readonly #api: TraceApi;
  readonly #tracer: Tracer;
  /** The contexts of the spans in which messages are handled, by the headers of the messages. */
  readonly #handling = new WeakMap<MessageHeaders, Context>();

  constructor(options: TracingOptions, api: TraceApi) {
    this.#options = options;
    this.#api = api;
    this.#tracer = api.trace.getTracer('littoral', version);
  }

  begin(request: SendRequest, cause: Message | undefined): SendSpan {
    const { kind, routingKey, metadata = {}, id, correlationId } = request;
    const given = isRecord(metadata) ? readTraceContext(metadata, this.#api) : undefined;
    const active = this.#api.trace.getSpanContext(this.#api.context.active());
    // A context of another trace was set by the sender, who must find it in the message.
    const isForeign = given !== undefined && active !== undefined && given.traceId !== active.traceId;
    const parent = this.#parentOf(given, active, cause);
    const place = { exchange: busExchange, routingKey: targetOf(request) };
    const headers = { [Header.id]: id, [Header.correlationId]: correlationId, [Header.routingKey]: routingKey };
    const attributes = { ...this.#attributes('send', place, headers), 'littoral.message.kind': kind };
    const options = { kind: isForeign ? spanKind.CLIENT : spanKind.PRODUCER, attributes };
    const links = isForeign ? { links: [{ context: given }] } : {};
    const span = this.#tracer.startSpan(nameOf('send', attributes), { ...options, ...links }, parent);
    const isCarried = !isForeign && isRecord(metadata);
    const traced = isCarried ? { ...metadata, ...writeTraceContext(span.spanContext()) } : metadata;
    return {
      request: { ...request, metadata: traced } as SendRequest,
      watch: (sending) => watch(span, sending),
      fail: (error) => endWith(span, error),
    };
  }

  /** The stage around each delivery: the span `process`, and behind it the span `settle`. */
  readonly delivery: DeliveryStage = (delivery, next) => {
    const { headers } = delivery.message;
    const creation = readTraceContext(headers, this.#api);
    const place = this.#placeOf(delivery);
    const attributes = this.#attributes('process', place, headers);
    // One trace from the sender to the handler; the conventions ask for the link as well.
    const parent =
      creation === undefined
        ? this.#api.ROOT_CONTEXT
        : this.#api.trace.setSpanContext(this.#api.ROOT_CONTEXT, creation);
    const links = creation === undefined ? [] : [{ context: creation }];
    const options = { kind: spanKind.CONSUMER, attributes, links };
    const span = this.#tracer.startSpan(nameOf('process', attributes), options, parent);
    const own = this.#api.trace.setSpan(parent, span);
    this.#handling.set(headers, own);
    const handling = this.#api.context.with(own, () => Promise.resolve(next(delivery)));
    return handling.then(
      (settled) => this.#onSettled(delivery, settled, span, own),
      (error) => {
        endWith(span, error);
        throw error;
      },
    );
  };

  /** The stage around each call of a handler: an application behind HTTP gets the context of the span `process`. */
  readonly call: HandlerStage<HandlerCall> = (call, next) => {
    const own = this.#handling.get(call.delivery.message.headers);
    const spanContext = own && this.#api.trace.getSpanContext(own);
    if (call.handler.gate === undefined || own === undefined || spanContext === undefined) return next(call);
    const headers = { ...call.message.headers, ...writeTraceContext(spanContext) };
    this.#handling.set(headers, own);
    return next({ ...call, message: { ...call.message, headers } });
  };

  /** Returns an engine for messages that exist already: retries, dead letters, due messages. They keep their context. */
  forwarding(engine: Engine): Engine {
    return new ForwardingEngine(engine, (publication) => this.#forward(engine, publication));
  }

  #forward(engine: Engine, publication: Publication): Promise<PublishReceipt> {
    const { to, message } = publication;
    const creation = readTraceContext(message.headers, this.#api);
    const active = this.#api.context.active();
    const hasSpan = this.#api.trace.getSpanContext(active) !== undefined;
    const parent =
      hasSpan || creation === undefined ? active : this.#api.trace.setSpanContext(this.#api.ROOT_CONTEXT, creation);
    const attributes = this.#attributes('send', placeOf(to), message.headers);
    const links = creation === undefined ? [] : [{ context: creation }];
    const span = this.#tracer.startSpan(
      nameOf('send', attributes),
      { kind: spanKind.CLIENT, attributes, links },
      parent,
    );
    return watch(span, engine.publish(publication));
  }

  #parentOf(given: SpanContext | undefined, active: SpanContext | undefined, cause: Message | undefined): Context {
    if (active !== undefined) return this.#api.context.active();
    if (given !== undefined) return this.#api.trace.setSpanContext(this.#api.ROOT_CONTEXT, given);
    return (cause && this.#handling.get(cause.headers)) ?? this.#api.ROOT_CONTEXT;
  }

  #onSettled(delivery: Delivery, settled: SettledDelivery, span: Span, own: Context): SettledDelivery {
    const { outcome, failures } = settled;
    const attributes = this.#attributes('settle', this.#placeOf(delivery), delivery.message.headers);
    const options = { kind: spanKind.CLIENT, attributes: { ...attributes, 'littoral.outcome': outcome } };
    this.#tracer.startSpan(nameOf('settle', attributes), options, own).end();
    span.setAttribute('littoral.outcome', outcome);
    const [failure] = failures;
    if (failure !== undefined && failure.deferral === undefined && !failure.isUncounted) endWith(span, failure.error);
    else span.end();
    return settled;
  }

  #placeOf({ viaBus, routingKey }: Delivery) {
    const { queue } = this.#options;
    return viaBus ? { exchange: busExchange, routingKey, queue } : { exchange: '', routingKey: queue };
  }

  #attributes(
    operation: 'send' | 'process' | 'settle',
    place: Parameters<typeof messageAttributes>[2],
    headers: MessageHeaders,
  ) {
    return messageAttributes(operation, this.#options.system, place, headers);
  }
}

/** An engine whose publishes pass through a function. */
class ForwardingEngine extends WrappedEngine {
  readonly #forward: Engine['publish'];

  constructor(engine: Engine, forward: Engine['publish']) {
    super(engine);
    this.#forward = forward;
  }

  override publish(publication: Publication): Promise<PublishReceipt> {
    return this.#forward(publication);
  }
}

function nameOf(operation: string, { 'messaging.destination.name': name }: Readonly<Record<string, unknown>>): string {
  return `${operation} ${name}`;
}

/** The text of an error can quote a payload, so only its class is an attribute. */
function endWith(span: Span, error: unknown): void {
  span.setAttribute('error.type', classOf(error));
  span.setStatus({ code: spanError });
  span.end();
}

function watch<Result>(span: Span, sending: Promise<Result>): Promise<Result> {
  sending.then(
    (result) => {
      const { messageId, correlationId } = (result ?? {}) as Readonly<Record<string, unknown>>;
      if (typeof messageId === 'string') span.setAttribute('messaging.message.id', messageId);
      if (typeof correlationId === 'string') span.setAttribute('messaging.message.conversation_id', correlationId);
      span.end();
    },
    (error) => endWith(span, error),
  );
  return sending;
}
