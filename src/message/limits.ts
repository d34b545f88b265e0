/** The maximum size of a short string of AMQP, in bytes: a routing key, the name of a header, the text of a property. */
export const maxShortStringBytes = 255;

/**
 * The maximum size of the headers of a message, in bytes. One frame of AMQP must carry them, or the broker closes the
 * channel, and other clients refuse more.
 */
export const maxHeaderBytes = 65_536;

/** The highest priority of AMQP. */
export const maxPriority = 255;

/** The largest expiration of AMQP, in milliseconds. RabbitMQ closes the channel over a larger one. */
export const maxTimeToLiveMs = 4_294_967_295;

/** The longest delay of a message: 30 days, which is the most that the delay queues of the broker can hold. */
export const longestDelayMs = 30 * 24 * 60 * 60 * 1000;
