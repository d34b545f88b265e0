import { describe, expect, test } from 'vitest';
import { Header } from '../../src/message/message-headers.ts';
import { isReservedHeader } from '../../src/message/reserved-headers.ts';

describe('a header is reserved', () => {
  test.each([
    'CC',
    'BCC',
    '__TypeId__',
    'routingSlip',
    'replyChannel',
    'errorChannel',
    'polledChannelName',
    'contentType',
    'timestamp',
    'parentId',
    'id',
    'correlationId',
    'priority',
    'deliveryDelay',
    'timeToLive',
  ])('by its name: %s', (name) => {
    expect(isReservedHeader(name)).toBe(true);
  });

  test.each([
    'ecotone',
    'ecotone.distributed.payloadType',
    'ecotone_retry_number',
    'ECOTONE-class',
    'x-',
    'x-death',
    'X-Delivery-Count',
    'amqp_exchange',
    'AMQP_contentType',
    'exception-message',
    'Exception-Code',
  ])('by its prefix, in any case: %s', (name) => {
    expect(isReservedHeader(name)).toBe(true);
  });

  test.each(['0', '7', '-7', '007', '-0', '18446744073709551616'])('when its name is a number: %s', (name) => {
    expect(isReservedHeader(name)).toBe(true);
  });

  test('when its name is that of the prototype', () => {
    expect(isReservedHeader('__proto__')).toBe(true);
  });

  test.each(Object.values(Header).filter((name) => !['traceparent', 'tracestate', 'baggage'].includes(name)))(
    'when it means something to littoral: %s',
    (name) => {
      expect(isReservedHeader(name)).toBe(true);
    },
  );
});

describe('a header is free', () => {
  test.each([
    'executorId',
    'tenant',
    'xylophone',
    'ID',
    'cc',
    'my-ecotone',
    'the.exception-message',
    '7 of 9',
    '1.5',
    '1e3',
    '٧',
    'constructor',
    'traceparent',
    'tracestate',
    'baggage',
  ])('%s', (name) => {
    expect(isReservedHeader(name)).toBe(false);
  });
});
