/**
 * Returns the name of a destination as OpenTelemetry writes it for RabbitMQ: the exchange, the routing key and the
 * queue, without those that are empty, and without a queue that is the routing key.
 */
export function destinationName(exchange: string, routingKey: string, queue = ''): string {
  return [exchange, routingKey, queue === routingKey ? '' : queue].filter((part) => part !== '').join(':');
}
