import type { ChannelModel } from 'amqplib';
import { describe, expect, test } from 'vitest';
import { consumerArguments, consumerTimeoutWarning } from '../../../../src/engine/amqp/consume/consumer-timeout.ts';

const broker = (version: unknown) => ({ connection: { serverProperties: { version } } }) as unknown as ChannelModel;
const minutes = (count: number) => count * 60_000;

describe('the consumer timeout', () => {
  test.each(['4.3.0', '4.10.1', '5.0.0'])('is an argument of the consumer on %s', (version) => {
    expect(consumerArguments(broker(version), minutes(45))).toEqual({ 'x-consumer-timeout': minutes(45) });
    expect(consumerTimeoutWarning(broker(version), minutes(45))).toBeUndefined();
  });

  test.each(['3.10.8', '3.13.7', '4.0.5', '4.2.9', '', undefined, 'unknown'])(
    'is not an argument on %o, but a warning if handlers need longer than the default',
    (version) => {
      expect(consumerArguments(broker(version), minutes(45))).toEqual({});
      expect(consumerTimeoutWarning(broker(version), minutes(45))).toContain('up to 45 minutes');
      expect(consumerTimeoutWarning(broker(version), minutes(30))).toBeUndefined();
    },
  );

  test('is never shorter than the default of RabbitMQ, and fits into its timers', () => {
    expect(consumerArguments(broker('4.3.0'), 1)).toEqual({ 'x-consumer-timeout': minutes(30) });
    expect(consumerArguments(broker('4.3.0'), 2 ** 40)).toEqual({ 'x-consumer-timeout': 2 ** 31 - 1 });
  });

  test('is left to the broker if the handlers are unknown', () => {
    expect(consumerArguments(broker('4.3.0'), undefined)).toEqual({});
    expect(consumerTimeoutWarning(broker('4.0.5'), undefined)).toBeUndefined();
  });
});
