/**
 * The headers of a message. What littoral sends holds text, booleans, integers and floats only; what arrives from other
 * programs may hold anything that AMQP can express, such as the tables inside `x-death`. An integer beyond 2^53 is a
 * bigint.
 */
export type MessageHeaders = Readonly<Record<string, unknown>>;

/** Every header that has a meaning to littoral, by the name it has on the wire. */
export const Header = {
  /** The message's identity, a UUID. The same on every redelivery, retry and replay. */
  id: 'id',
  /**
   * Ties together all messages that one cause set off. Equal to the id of the first of them unless a caller chose it.
   */
  correlationId: 'correlationId',
  /** The id of the message whose handler sent this one. */
  parentId: 'parentId',
  /** The time at which the message was made: whole seconds since 1970. */
  timestamp: 'timestamp',
  /** The media type of the payload, parameters included. */
  contentType: 'contentType',
  /**
   * A number from 0 to 255 for the handler. Also sent as the AMQP property `priority`, whose effect depends on the type
   * of the queue.
   */
  priority: 'priority',
  /** The delivery delay in milliseconds. */
  deliveryDelay: 'deliveryDelay',
  /** Milliseconds until an undelivered message expires. Sent as the AMQP property `expiration`. */
  timeToLive: 'timeToLive',
  /** `command`, `event` or `message`. */
  payloadType: 'ecotone.distributed.payloadType',
  /** The routing key of the handler that is meant; for a message, the name of the channel. */
  routingKey: 'ecotone.distributed.routingKey',
  /** The service that a command is for. */
  targetServiceName: 'ecotone.distributed.targetServiceName',
  /** The service that sent the message. */
  sourceServiceName: 'ecotone.distributed.sourceServiceName',
  /** The key that the message was published under: the target service, or the event's routing key. */
  serviceTarget: 'ecotone.amqp.distributed.service_target',
  /** Ecotone's name for the channel that a message was polled from. The receiver overwrites it. */
  polledChannelName: 'polledChannelName',
  /** The handler that an Ecotone application calls for a message from a plain queue. */
  routingSlip: 'routingSlip',
  /** The PHP type that Ecotone serialized the payload from. */
  typeId: '__TypeId__',
  /** Ecotone's bookkeeping of what it published together. */
  publishBatchId: 'ecotone.publish_batch_id',
  /** The AMQP property `content_encoding`: the compression of the body. */
  contentEncoding: 'amqp_contentEncoding',
  /** The AMQP property `reply_to`. */
  replyTo: 'amqp_replyTo',
  /** The AMQP property `cluster_id`. */
  clusterId: 'amqp_clusterId',
  /** The AMQP property `user_id`, which RabbitMQ has checked. A moved message keeps it as a header. */
  userId: 'amqp_userId',
  /** The AMQP property `priority`. */
  amqpPriority: 'amqp_priority',
  /** The AMQP property `delivery_mode` of a message that was not persistent. A moved message keeps it as a header. */
  deliveryMode: 'amqp_deliveryMode',
  /** The AMQP property `message_id` where it is not `id`. */
  amqpMessageId: 'amqp_messageId',
  /** The AMQP property `correlation_id` where it is not `correlationId`. */
  amqpCorrelationId: 'amqp_correlationId',
  /** The AMQP property `timestamp` where it is not `timestamp`. */
  amqpTimestamp: 'amqp_timestamp',
  /** The AMQP property `type` where it is not the routing key of the handler. */
  amqpType: 'amqp_type',
  /** The AMQP property `app_id` where it is not the service that sent the message. */
  amqpAppId: 'amqp_appId',
  /** The AMQP property `expiration` where it is not a number of milliseconds. */
  amqpExpiration: 'amqp_expiration',
  /** Number of earlier deliveries that were returned unacknowledged. Set by quorum queues. */
  deliveryCount: 'x-delivery-count',
  /** W3C Trace Context. */
  traceparent: 'traceparent',
  /** W3C Trace Context. */
  tracestate: 'tracestate',
  /** W3C Baggage. */
  baggage: 'baggage',
  /** The name of the error that a dead letter failed with. */
  errorClass: 'ecotone-class',
  /** The message of the error that a dead letter failed with. */
  errorMessage: 'exception-message',
  /** The stack trace of that error, shortened. */
  errorStackTrace: 'exception-stacktrace',
  /** The file in which that error was thrown. */
  errorFile: 'exception-file',
  /** The line on which that error was thrown. */
  errorLine: 'exception-line',
  /** A numeric code of that error; 0 where it has none. */
  errorCode: 'exception-code',
  /** Number of delayed retries so far. Ecotone's. */
  retryNumber: 'ecotone_retry_number',
  /**
   * The endpoint id of the handler that failed, the only one that a retry or a replay is for. Absent where the message
   * failed before a handler was found.
   */
  failedEndpoint: 'x-littoral-endpoint',
  /** Number of calls of that handler, instant and delayed retries included. */
  attempts: 'x-littoral-attempts',
  /** The service in which a dead letter failed. */
  failedService: 'x-littoral-service',
  /** The queue from which a dead letter was taken, and to which a replay puts it back. */
  failedQueue: 'x-littoral-queue',
  /** The key on the bus that a failed message was published under. Absent where it came straight to the queue. */
  publishedKey: 'x-littoral-published-key',
  /** The id of a dead letter, beside the id of the message: one message can fail in two handlers. */
  deadLetterId: 'x-littoral-dead-letter-id',
  /**
   * The reason why a message is a dead letter, in one word: `failed`, `expired`, `unhandled`, `malformed`,
   * `undecodable`, `refused`.
   */
  deadLetterReason: 'x-littoral-reason',
  /** The end of a message's time to live: milliseconds since 1970. Set on messages that littoral has moved. */
  expiresAt: 'x-littoral-expires-at',
  /** The time at which a message became a dead letter: milliseconds since 1970. */
  deadLetteredAt: 'x-littoral-dead-lettered-at',
  /**
   * Number of times that a dead letter was set aside because its queue did not take it. Absent once it is in that
   * queue.
   */
  setAside: 'x-littoral-set-aside',
  /** Time of the first delivery without a handler: milliseconds since 1970. On a deferred message. */
  deferredSince: 'x-littoral-deferred-since',
  /** Number of deferrals since then. */
  deferrals: 'x-littoral-deferrals',
  /** The broker's records of earlier dead-lettering (`x-death`, …), as JSON text, which RabbitMQ does not interpret. */
  brokerHistory: 'x-littoral-broker-history',
} as const;

/** The headers of tracing (W3C Trace Context and Baggage). Requests have them under the same names. */
export const traceHeaders: ReadonlySet<string> = new Set([Header.traceparent, Header.tracestate, Header.baggage]);

/** The kind of a message: a command for one service, an event for its subscribers, or a message for a named channel. */
export type PayloadType = 'command' | 'event' | 'message';
