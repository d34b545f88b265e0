/** The versions of RabbitMQ that the tests run on. */
export type RabbitmqSeries = 3 | 4;

/**
 * Returns the version to test on: 4, or what the variable RABBITMQ_SERIES says.
 *
 * @throws when the variable holds anything but 3 or 4
 */
export function wantedSeries(): RabbitmqSeries {
  const { RABBITMQ_SERIES = '4' } = process.env;
  if (RABBITMQ_SERIES !== '3' && RABBITMQ_SERIES !== '4') {
    throw new Error(`RABBITMQ_SERIES is "${RABBITMQ_SERIES}". Set it to 3 or 4.`);
  }
  return RABBITMQ_SERIES === '3' ? 3 : 4;
}
