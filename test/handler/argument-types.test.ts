import Type from 'typebox';
import { describe, expectTypeOf, test } from 'vitest';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';
import type { Logger } from '../../src/logger.ts';
import type { Message } from '../../src/message/message.ts';
import { abortSignal } from '../../src/parameter/abort-signal.ts';
import { configurationVariable } from '../../src/parameter/configuration-variable.ts';
import { header } from '../../src/parameter/header.ts';
import { message } from '../../src/parameter/message.ts';
import { payload } from '../../src/parameter/payload.ts';
import { reference } from '../../src/parameter/reference.ts';
import { instance } from '../../src/schema/instance.ts';

class ExecutorId {
  readonly value: string;
  constructor(value: string) {
    this.value = value;
  }
}

class Prices {
  of(sku: string): number {
    return sku.length;
  }
}

declare module '../../src/parameter/references.ts' {
  interface References {
    prices: Prices;
    laterPrices: Promise<Prices>;
  }
  interface ConfigurationVariables {
    multiplier: number;
  }
}

const routingKey = 'billing.change';
const Items = Type.Object({ items: Type.Array(Type.Object({ sku: Type.String() })) });

describe('what arrives is inferred', () => {
  test('by name', () => {
    defineCommandHandler({
      routingKey,
      parameters: {
        command: payload(Items),
        executor: payload(ExecutorId),
        prices: reference(),
        laterPrices: reference(),
        byName: reference('prices'),
        byClass: reference(Prices),
        multiplier: configurationVariable(),
        limit: configurationVariable('limit', Type.Integer()),
        undeclared: configurationVariable('undeclared'),
        whole: message(),
        signal: abortSignal(),
        logger: reference(),
      },
      handle(all) {
        expectTypeOf(all.command).toEqualTypeOf<{ items: { sku: string }[] }>();
        expectTypeOf(all.executor).toEqualTypeOf<ExecutorId>();
        expectTypeOf(all.prices).toEqualTypeOf<Prices>();
        expectTypeOf(all.laterPrices).toEqualTypeOf<Prices>();
        expectTypeOf(all.byName).toEqualTypeOf<Prices>();
        expectTypeOf(all.byClass).toEqualTypeOf<Prices>();
        expectTypeOf(all.multiplier).toEqualTypeOf<number>();
        expectTypeOf(all.limit).toEqualTypeOf<number>();
        expectTypeOf(all.undeclared).toEqualTypeOf<unknown>();
        expectTypeOf(all.whole).toEqualTypeOf<Message>();
        expectTypeOf(all.signal).toEqualTypeOf<AbortSignal>();
        expectTypeOf(all.logger).toEqualTypeOf<Logger>();
      },
    });
  });

  test('by position', () => {
    defineCommandHandler({
      routingKey,
      parameters: [payload(Items), reference('prices'), reference(Prices), configurationVariable('multiplier')],
      handle(command, byName, byClass, multiplier) {
        expectTypeOf(command).toEqualTypeOf<{ items: { sku: string }[] }>();
        expectTypeOf(byName).toEqualTypeOf<Prices>();
        expectTypeOf(byClass).toEqualTypeOf<Prices>();
        expectTypeOf(multiplier).toEqualTypeOf<number>();
      },
    });
  });

  test('by default: the payload, the headers, the services', () => {
    defineCommandHandler({
      routingKey,
      payload: ExecutorId,
      handle(executor, _headers, { prices, logger }) {
        expectTypeOf(executor).toEqualTypeOf<ExecutorId>();
        expectTypeOf(prices).toEqualTypeOf<Prices>();
        expectTypeOf(logger).toEqualTypeOf<Logger>();
      },
    });
  });

  test('covers headers that are optional, nullable, of a class, or have a default', () => {
    defineCommandHandler({
      routingKey,
      parameters: {
        optional: header('a', Type.Optional(Type.String())),
        nullable: header('a', Type.Union([Type.String(), Type.Null()])),
        defaulted: header('a', Type.Optional(Type.Integer()), { default: 3 }),
        ofClass: header('a', ExecutorId),
        ofOptionalClass: header('a', Type.Optional(instance(ExecutorId))),
        list: header('a', Type.Array(instance(ExecutorId))),
      },
      handle(all) {
        expectTypeOf(all.optional).toEqualTypeOf<string | undefined>();
        expectTypeOf(all.nullable).toEqualTypeOf<string | null>();
        expectTypeOf(all.defaulted).toEqualTypeOf<number>();
        expectTypeOf(all.ofClass).toEqualTypeOf<ExecutorId>();
        expectTypeOf(all.ofOptionalClass).toEqualTypeOf<ExecutorId | undefined>();
        expectTypeOf(all.list).toEqualTypeOf<ExecutorId[]>();
      },
    });
  });

  test('from a function as expression, and from the type where there is one', () => {
    defineCommandHandler({
      routingKey,
      parameters: {
        count: payload({ expression: ({ payload }) => Number(payload.items.length) }),
        named: payload(Type.String(), { expression: ({ payload }) => payload.name }),
        priced: payload({ expression: async ({ reference }) => reference('prices').of('a') }),
        multiplied: payload({ expression: ({ parameter }) => parameter('multiplier') * 2 }),
        text: payload({ expression: 'payload.items[0].sku' }),
        region: header('region', { expression: ({ value }) => `${value}!`, default: undefined }),
        price: reference('prices', { expression: ({ service, payload }) => service.of(payload.sku) }),
        priceByClass: reference(Prices, { expression: ({ service }) => service.of('a') }),
        converted: reference('prices', { expression: 'service.of(payload.sku)', type: Type.Integer() }),
        prices: reference({ expression: ({ service }) => service.of('a') as number }),
      },
      handle(all) {
        expectTypeOf(all.count).toEqualTypeOf<number>();
        expectTypeOf(all.named).toEqualTypeOf<string>();
        expectTypeOf(all.priced).toEqualTypeOf<number>();
        expectTypeOf(all.multiplied).toEqualTypeOf<number>();
        expectTypeOf(all.text).toEqualTypeOf<unknown>();
        expectTypeOf(all.region).toEqualTypeOf<string | undefined>();
        expectTypeOf(all.price).toEqualTypeOf<number>();
        expectTypeOf(all.priceByClass).toEqualTypeOf<number>();
        expectTypeOf(all.converted).toEqualTypeOf<number>();
        expectTypeOf(all.prices).toEqualTypeOf<number>();
      },
    });
  });

  test('covers the result of the handler', () => {
    const definition = defineCommandHandler({ routingKey, payload: Items, handle: async ({ items }) => items.length });
    expectTypeOf(definition.handle).returns.toEqualTypeOf<Promise<number>>();
  });
});

describe('what cannot arrive does not compile', () => {
  test('a service that is not declared', () => {
    // @ts-expect-error no such service
    reference('nothing');
    // @ts-expect-error no such service
    defineCommandHandler({ routingKey, parameters: { nothing: reference() }, handle() {} });
    // @ts-expect-error by position it needs a name
    defineCommandHandler({ routingKey, parameters: [reference()], handle() {} });
    // @ts-expect-error no such service
    defineCommandHandler({ routingKey, payload: Items, handle: (_, __, { nothing }) => nothing });
    // @ts-expect-error no such service
    payload({ expression: ({ reference }) => reference('nothing') });
  });

  test('a type that is none', () => {
    // @ts-expect-error a text
    payload('hello');
    // @ts-expect-error a number
    payload(42);
    // @ts-expect-error a text
    header('a', 'string');
  });

  test('an argument of another type', () => {
    // @ts-expect-error the price is a number
    defineCommandHandler({ routingKey, parameters: [reference('prices')], handle: (prices: string) => prices });
    const parameters = { multiplier: configurationVariable() };
    // @ts-expect-error the multiplier is a number
    defineCommandHandler({ routingKey, parameters, handle: ({ multiplier }: { multiplier: string }) => multiplier });
  });

  test('a default that is not of the type', () => {
    // @ts-expect-error a text for a number
    header('a', Type.Integer(), { default: 'three' });
    // @ts-expect-error a text for a number
    configurationVariable('limit', Type.Integer(), { default: 'three' });
  });

  test('an expression that is neither text nor function, or that misuses its service', () => {
    // @ts-expect-error a number
    payload({ expression: 7 });
    // @ts-expect-error no such method
    reference('prices', { expression: ({ service }) => service.nothing() });
  });
});
