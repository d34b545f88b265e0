import { expect, expectTypeOf, test } from 'vitest';
import type { MessageHeaders } from '../../src/message/message-headers.ts';
import { headers } from '../../src/parameter/headers.ts';
import type { ParameterConverter } from '../../src/parameter/parameter-converter.ts';
import { resolve } from './resolve.ts';

test('all headers come, those of the framework included', () => {
  const all = { id: '1', 'ecotone.distributed.payloadType': 'command', executorId: '7', 'x-death': [{ count: 1 }] };
  expect(resolve(headers(), all)).toEqual(all);
  expectTypeOf(headers()).toEqualTypeOf<ParameterConverter<MessageHeaders>>();
});
