import Type from 'typebox';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { defineCommandHandler, defineEventHandler } from '../../src/handler/define-handler.ts';
import { type HandlerDefinition, handlerName, isHandlerDefinition } from '../../src/handler/handler-definition.ts';
import type { MessageHeaders } from '../../src/message/message-headers.ts';
import { header } from '../../src/parameter/header.ts';
import { headers } from '../../src/parameter/headers.ts';
import { parameterConverter } from '../../src/parameter/parameter-converter.ts';
import { payload } from '../../src/parameter/payload.ts';

const Change = Type.Object({ personId: Type.String(), details: Type.Optional(Type.String()) });
const routingKey = 'billing.change';

describe('a definition', () => {
  test('is local and named by its routing key unless told otherwise', () => {
    expect(defineCommandHandler({ routingKey, handle() {} })).toMatchObject({
      routingKey,
      endpointId: routingKey,
      distributed: false,
    });
    expect(defineEventHandler({ routingKey, endpointId: 'audit', distributed: true, handle() {} })).toMatchObject({
      endpointId: 'audit',
      distributed: true,
    });
  });

  test('says what users know it as', () => {
    expect(handlerName(defineCommandHandler({ routingKey, handle() {} }))).toBe("command handler 'billing.change'");
    expect(handlerName(defineEventHandler({ routingKey, endpointId: 'audit', handle() {} }))).toBe(
      "event handler 'audit'",
    );
  });

  test('is recognised, also from another copy of the package', () => {
    expect(isHandlerDefinition(defineEventHandler({ routingKey, handle() {} }))).toBe(true);
    expect(isHandlerDefinition({ [Symbol.for('littoral.handler')]: 'command' })).toBe(true);
  });

  test.each([undefined, null, 7, 'x', {}, [], () => {}, { routingKey, handle() {} }])('is not %s', (value) => {
    expect(isHandlerDefinition(value)).toBe(false);
  });
});

describe('the arguments of a handler are inferred', () => {
  test('from a schema as payload', () => {
    const definition = defineCommandHandler({
      routingKey,
      payload: Change,
      handle(change, all) {
        expectTypeOf(change).toEqualTypeOf<{ personId: string; details?: string }>();
        expectTypeOf(all).toEqualTypeOf<MessageHeaders>();
      },
    });
    expectTypeOf(definition).toEqualTypeOf<HandlerDefinition<void, 'command'>>();
    expectTypeOf(definition).toExtend<HandlerDefinition>();
  });

  test('from parameters by name', () => {
    defineEventHandler({
      routingKey,
      parameters: {
        change: payload(Change),
        executorId: header('executorId', Type.Optional(Type.Integer())),
        all: headers(),
        raw: payload(),
        later: parameterConverter('later', () => async () => 7n),
      },
      handle({ change, executorId, all, raw, later }) {
        expectTypeOf(change).toEqualTypeOf<{ personId: string; details?: string }>();
        expectTypeOf(executorId).toEqualTypeOf<number | undefined>();
        expectTypeOf(all).toEqualTypeOf<MessageHeaders>();
        expectTypeOf(raw).toEqualTypeOf<unknown>();
        expectTypeOf(later).toEqualTypeOf<bigint>();
      },
    });
  });

  test('from parameters by position', () => {
    defineCommandHandler({
      routingKey,
      parameters: [payload(Change), header('executorId', Type.String()), headers()],
      handle(change, executorId, all) {
        expectTypeOf(change).toEqualTypeOf<{ personId: string; details?: string }>();
        expectTypeOf(executorId).toEqualTypeOf<string>();
        expectTypeOf(all).toEqualTypeOf<MessageHeaders>();
      },
    });
  });

  test('leave an argument without a type to the author', () => {
    defineCommandHandler({ routingKey, handle: (change: { personId: string }) => change.personId });
    defineCommandHandler({ routingKey, handle: (_, { executorId = 'nobody' }) => executorId });
    defineEventHandler({ routingKey, handle: () => {} });
  });

  test('may be fewer than the parameters', () => {
    defineCommandHandler({ routingKey, parameters: [payload(Change), headers()], handle: ({ personId }) => personId });
    defineCommandHandler({ routingKey, parameters: { change: payload(Change) }, handle: () => 'x' });
  });
});

describe('what does not fit does not compile', () => {
  test('arguments of another type', () => {
    // @ts-expect-error the payload is an object
    defineCommandHandler({ routingKey, payload: Change, handle: (change: string) => change });
    // @ts-expect-error the header is a text
    defineCommandHandler({ routingKey, parameters: [header('a', Type.String())], handle: (a: number) => a });
    // @ts-expect-error the parameter is named otherwise
    defineCommandHandler({ routingKey, parameters: { change: payload(Change) }, handle: ({ command }) => command });
    const optional = header('a', Type.Optional(Type.String()));
    // @ts-expect-error the header may be missing
    defineEventHandler({ routingKey, parameters: [optional], handle: (a: string) => a });
  });

  test('payload beside parameters', () => {
    // @ts-expect-error payload(…) belongs among the parameters
    defineCommandHandler({ routingKey, payload: Change, parameters: [headers()], handle() {} });
    // @ts-expect-error payload(…) belongs among the parameters
    defineEventHandler({ routingKey, payload: Change, parameters: { all: headers() }, handle() {} });
  });

  test('something other than a schema as payload, or a converter as parameter', () => {
    // @ts-expect-error not a schema
    defineCommandHandler({ routingKey, payload: 'hello', handle() {} });
    // @ts-expect-error not a converter
    defineCommandHandler({ routingKey, parameters: [Change], handle() {} });
    // @ts-expect-error not a converter, but what makes one
    defineCommandHandler({ routingKey, parameters: { change: payload }, handle() {} });
  });

  test('a handler without routing key or function', () => {
    // @ts-expect-error no routing key
    defineCommandHandler({ handle() {} });
    // @ts-expect-error no function
    defineEventHandler({ routingKey });
  });
});
