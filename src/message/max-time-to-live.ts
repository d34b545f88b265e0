/** The largest expiration of AMQP, in milliseconds. RabbitMQ closes the channel over a larger one. */
export const maxTimeToLiveMs = 4_294_967_295;
