import { describe, expect, expectTypeOf, test } from 'vitest';
import { type Deduplicate, deduplicationRule, keyByMessageId } from '../../src/deduplication/deduplication-key.ts';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';
import type { HandlerDefinition } from '../../src/handler/handler-definition.ts';
import { HandlerRegistry } from '../../src/handler/handler-registry.ts';
import type { MessageHeaders } from '../../src/message/message-headers.ts';
import { invocationOfMessage } from '../../src/parameter/parameter-converter.ts';
import { caught } from '../caught.ts';
import { directoryOf, parameterContext, servicesOf } from '../parameter/parameter-context.ts';

const services = { customers: { keyOf: (name: unknown) => `customer ${name}` } };
const context = parameterContext({ services: directoryOf(services), variables: { tenant: 'acme' } });
const site = { ...context, handler: "command handler 'pay'" };
const json = { contentType: 'application/json' };

function invocation(payload: unknown, headers: MessageHeaders = json) {
  const body = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return { ...invocationOfMessage({ headers, payload: body }), services: servicesOf(services) };
}

async function keyOf(deduplicate: Deduplicate, payload: unknown = {}, headers: MessageHeaders = json) {
  const rule = deduplicationRule(deduplicate, site);
  return rule ? rule(invocation(payload, headers)) : expect.fail('there is no rule');
}

describe('the key of a message', () => {
  test.each([
    ['payload.id', { id: 'p1' }, 'p1'],
    ['payload.id', { id: 7 }, '7'],
    ['payload.id', { id: -0.5 }, '-0.5'],
    ['payload.id', { id: 0 }, '0'],
    ['payload.id', { id: 'x'.repeat(255) }, 'x'.repeat(255)],
    ['payload.id', { id: null }, undefined],
    ['payload.id', {}, undefined],
    ['payload.id ? payload.id : null', {}, undefined],
    ["parameter('tenant') & payload.id", { id: 1 }, 'acme1'],
    ["reference('customers').keyOf(payload.name)", { name: 'ada' }, 'customer ada'],
    ["payload.id & '/' & payload.part", { id: 1, part: 2 }, '1/2'],
  ])('is what %s gives for %j', async (expression, payload, key) => {
    expect(await keyOf(expression, payload)).toBe(key);
  });

  describe('composed of parts', () => {
    const whole = {
      shop: 's',
      id: 'p1',
      n: 7,
      list: ['a', 'b'],
      items: [{ id: 'x' }, { id: 'y' }],
      o: { id: 'z' },
      no: false,
    };
    // Each with what an error says of it when it is missing; '' where it may be.
    test.each<[string, string, string, string]>([
      ["payload.shop & '-' & payload.id", 's-p1', 'id', 'payload.id'],
      ["payload.shop & '-' & payload.id", 's-p1', 'shop', 'payload.shop'],
      ["payload.n & '-' & payload.id", '7-p1', 'n', 'payload.n'],
      ["payload.n * 2 & '-' & payload.id", '14-p1', 'n', 'payload.n'],
      ["$string(payload.n) & '-'", '7-', 'n', 'payload.n'],
      ["$join([payload.shop, payload.id], '-')", 's-p1', 'id', 'payload.id'],
      ["$join([payload.shop, payload.id], '-')", 's-p1', 'shop', 'payload.shop'],
      ["[payload.shop, payload.id] ~> $join('-')", 's-p1', 'id', 'payload.id'],
      ["$join($append(payload.shop, payload.id), '-')", 's-p1', 'id', 'payload.id'],
      ["$join(payload.list, '-')", 'a-b', 'list', 'payload.list'],
      ["$join(payload.items.id, '-')", 'x-y', 'items', 'payload.items.id'],
      ["$join(payload.items.(id & '!'), '-')", 'x!-y!', 'items', ''],
      ["$join($map(payload.items, function($i){ $i.id }), '-')", 'x-y', 'items', 'payload.items'],
      ['$uppercase(payload.id)', 'P1', 'id', 'payload.id'],
      ["payload.shop & '-' & $uppercase(payload.id)", 's-P1', 'id', 'payload.id'],
      ["payload.shop & '-' & payload.o.id", 's-z', 'o', 'payload.o.id'],
      ['$string({ "a": payload.shop, "b": payload.id })', '{"a":"s","b":"p1"}', 'id', 'payload.id'],
      ['$string([payload.shop, [payload.id]])', '["s",["p1"]]', 'id', 'payload.id'],
      ["( $s := payload.shop; $s & '-' & payload.id )", 's-p1', 'shop', '$s'],
      ["( $of := function($p){ $p.shop & '-' & $p.id }; $of(payload) )", 's-p1', 'id', '$p.id'],
      ["payload.no = false ? payload.shop & payload.id : 'x'", 'sp1', 'id', 'payload.id'],
      ["(payload.no = false ? payload.id : 'x') & '-'", 'p1-', 'id', 'payload.id'],
      ["(payload.n = 7 ? 'seven') & '-'", 'seven-', 'n', '(…)'],
      ["(payload.missing ?? payload.id) & '-'", 'p1-', 'id', 'payload.id'],
      ["payload.shop & '-' & payload.items[id = 'y'].id", 's-y', 'items', 'payload.items.id'],
      ["payload.shop & '-' & $count(payload.items)", 's-2', 'items', 'payload.items'],
      ["reference('customers').keyOf(payload.id)", 'customer p1', 'id', 'payload.id'],
      ["reference('customers').keyOf(payload.shop & payload.id)", 'customer sp1', 'id', 'payload.id'],
      ["payload.(shop & '-' & id)", 's-p1', 'id', 'id'],
      ["$replace(payload.shop & '_' & payload.id, /_/, '-')", 's-p1', 'id', 'payload.id'],
    ])('has no part that is missing, null or empty: %s, of %s without %s', async (expression, key, part, name) => {
      expect(await keyOf(expression, whole)).toBe(key);
      for (const [lack, given] of [
        ['nothing', undefined],
        ['null', null],
        ['an empty text', ''],
      ] as const) {
        const result = await keyOf(expression, { ...whole, [part]: given }).catch((error: unknown) => error);
        if (name === '' && given !== '') continue;
        expect(result, lack).toMatchObject({ code: 'expression-failed', retryable: false });
        expect((result as Error).message).toContain("option 'deduplicate' of command handler 'pay'");
        if (given === undefined) expect((result as Error).message).toContain(`${name} gives nothing`);
      }
    });

    test.each([
      ["$join(payload.items.id, '-')", 'payload.items.id gives nothing'],
      ["payload.shop & $join(payload.items.id, '-')", 'payload.items.id gives nothing'],
      ["$join(payload.items.(id & '!'))", 'id gives nothing'],
      ['$join($map(payload.items, function($i){ $i.id }))', '$i.id gives nothing'],
      ['$string(payload.items.[id])', 'id gives nothing'],
    ])('has no item without its part: %s', async (expression, issue) => {
      const payload = { shop: 's', items: [{ id: 'x' }, {}, { id: 'y' }] };
      expect((await caught(() => keyOf(expression, payload))).message).toContain(issue);
    });

    test.each([
      ["payload.shop & '-' & (payload.part ?? 'all')", 's-all'],
      ["payload.shop & '-' & (payload.part ?: 'all')", 's-all'],
      ["payload.shop & '-' & (payload.part ?? '')", 's-'],
      ["($exists(payload.part) ? payload.part : 'none') & '-' & payload.shop", 'none-s'],
      ["$not(payload.no) ? payload.shop & '!' : 'x'", 's!'],
      ["payload.part = 'a' or payload.shop = 's' ? payload.shop & '!' : 'x'", 's!'],
      ["$join($filter(payload.items, function($i){ $i.active }).id, '-')", 'x'],
      ["payload.items[active].id & '-'", 'x-'],
      ["payload.no & '-' & payload.zero", 'false-0'],
      ['payload.part ? payload.shop & payload.part : null', undefined],
      ['payload.part', undefined],
      ['payload.part.(a & b)', undefined],
    ])('takes a default, and a test: %s', async (expression, key) => {
      const payload = { shop: 's', no: false, zero: 0, items: [{ id: 'x', active: true }, { id: 'y' }] };
      expect(await keyOf(expression, payload)).toBe(key);
    });

    test.each([
      ["payload.list & '-'", 'a list'],
      ["payload.none & '-'", 'a list'],
      ["payload.o & '-'", 'an object'],
    ])('has no part that is %s', async (expression, kind) => {
      const error = await caught(() => keyOf(expression, { list: ['secret'], none: [], o: { a: 'secret' } }));
      expect(error.message).toContain(`gives ${kind}`);
      expect(error.message).not.toContain('secret');
    });

    test.each([
      ["headers.shop & '-' & headers.id", {}, 'headers.shop'],
      ["headers.shop & '-' & headers.id", { shop: 's' }, 'headers.id'],
      ["headers.shop & '-' & headers.id", { shop: 's', id: '' }, 'headers.id'],
      ["headers.`x-shop` & '-' & payload.id", {}, 'headers.x-shop'],
    ])('has no header that is missing: %s of %j', async (expression, headers, name) => {
      expect((await caught(() => keyOf(expression, whole, { ...json, ...headers }))).message).toContain(name);
    });

    test.each<[Deduplicate, string]>([
      [({ payload }) => `${payload.shop}-${payload.missing}`, "'undefined'"],
      [({ payload }) => `${payload.missing}`, "'undefined'"],
      [({ payload }) => payload.shop + payload.missing, "'undefined'"],
      [({ payload }) => `${payload.shop}/${payload.nothing}`, "'null'"],
      [({ payload }) => `${payload.shop}/${payload.missing * 2}`, "'NaN'"],
      [({ payload }) => `${payload.shop}/${payload.o}`, "'[object Object]'"],
      [async ({ headers }) => `${headers.missing}:1`, "'undefined'"],
    ])('by a function, it has no part that JavaScript writes so: %#', async (deduplicate, said) => {
      const error = await caught(() => keyOf(deduplicate, { ...whole, nothing: null }));
      expect(error).toMatchObject({ code: 'expression-failed', retryable: false });
      expect(error.message).toContain(`a text with ${said} in it`);
    });

    test.each(['nullable', 'Annullment-1', 'BaNaNa', 'canull'])('by a function, it may be %s', async (key) => {
      expect(await keyOf(() => key)).toBe(key);
    });
  });

  test('is read from a header at once, without a promise', () => {
    const rule = deduplicationRule('headers.paymentId', site);
    expect(rule ? rule(invocation({}, { paymentId: 'p1' })) : rule).toBe('p1');
  });

  test('is what a function gives, now or later', async () => {
    expect(await keyOf(({ payload, headers }) => `${payload.id} ${headers.contentType}`, { id: 1 })).toBe(
      '1 application/json',
    );
    expect(await keyOf(async ({ parameter }) => String(parameter('tenant')))).toBe('acme');
    expect(await keyOf(() => undefined)).toBeUndefined();
    expect(await keyOf(() => null)).toBeUndefined();
  });

  test('is the id where the option is true', () => {
    expect(deduplicationRule(true, site)).toBe(keyByMessageId);
    expect(keyByMessageId({ message: { headers: { id: 'a' }, payload: {} } })).toBe('a');
  });

  test('is left to the configuration, or switched off', () => {
    expect(deduplicationRule(undefined, site)).toBeUndefined();
    expect(deduplicationRule(false, site)).toBe(false);
  });

  test.each<unknown>([
    '',
    'x'.repeat(256),
    'a\0b',
    'a\ud800',
    true,
    {},
    [],
    ['a'],
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    -(2 ** 60),
    1e300,
    Symbol('a'),
    new Date(0),
    () => 'a',
    Object.create(null),
    { toString: () => 'a' },
  ])('cannot be anything else: %#', async (given) => {
    const error = await caught(() => keyOf((() => given) as never));
    expect(error).toMatchObject({ code: 'expression-failed', retryable: false });
    expect(error.message).toMatch(/^Cannot resolve option 'deduplicate' of command handler 'pay': it gives /);
  });

  test('does not stand in the error that it is', async () => {
    const error = await caught(() => keyOf('payload.card', { card: `4111 1111${' '.repeat(300)}` }));
    expect(error.message).not.toContain('4111');
    expect(error.message).toContain('a text of 309 characters');
  });

  test('cannot be computed of a body that is not what its content type says', async () => {
    expect(await caught(() => keyOf('payload.id', '{'))).toMatchObject({ code: 'malformed-body' });
  });
});

describe('a handler does not start', () => {
  const registered = (more: object) => () =>
    new HandlerRegistry(
      [defineCommandHandler({ routingKey: 'pay', distributed: true, handle() {}, ...more })],
      context,
    );

  test.each<[unknown, string | RegExp]>([
    ['payload.', /Cannot resolve option 'deduplicate' of command handler 'pay': /],
    ['', /Cannot resolve option 'deduplicate' of command handler 'pay': /],
    ["reference('nobody').key()", "there is no service 'nobody'. Registered: customers"],
    ["parameter('nothing')", "there is no configuration variable 'nothing'. Configured: tenant"],
    ['value', /Cannot resolve option 'deduplicate' of command handler 'pay': /],
    [7, "its 'deduplicate' is a number; write true, false, an expression or a function"],
    [null, "its 'deduplicate' is null; write true, false, an expression or a function"],
    [{}, "its 'deduplicate' is an object; write true, false, an expression or a function"],
  ])('reports %j', async (deduplicate, issue) => {
    const error = await caught(registered({ deduplicate }));
    expect(error.code).toBe('invalid-handlers');
    expect(error.message).toMatch(issue);
  });

  test.each([true, 'headers.paymentId', () => 'a'])(
    'reports %s where no other service reaches it',
    async (deduplicate) => {
      const error = await caught(registered({ deduplicate, distributed: false }));
      expect(error.message).toContain(
        "command handler 'pay': has 'deduplicate' without 'distributed: true'; only messages from the service's queue can be delivered twice",
      );
      expect(registered({ deduplicate: false, distributed: false })).not.toThrow();
    },
  );

  test('reports an issue in the key together with all others', async () => {
    const error = await caught(registered({ deduplicate: 'payload.', parameters: ['a'], contentType: 7 }));
    expect(error.message.split('\n- ')).toHaveLength(4);
  });
});

test('the default content type of a handler holds for its key as well', async () => {
  const handler = defineCommandHandler({
    routingKey: 'pay',
    distributed: true,
    defaultContentType: 'application/json',
    contentType: 'application/json',
    deduplicate: 'payload.id',
    handle() {},
  });
  const { deduplication } = new HandlerRegistry([handler], context).distributedCommandHandler('pay') ?? {};
  if (!deduplication) return expect.fail('there is no rule');
  expect(await deduplication(invocation({ id: 'p1' }, {}))).toBe('p1');
  const refused = await caught(async () => deduplication(invocation('a', { contentType: 'text/plain' })));
  expect(refused.code).toBe('unsupported-media-type');
});

test('what can be written compiles, and nothing else', () => {
  const base = { routingKey: 'pay', handle() {} };
  const written: HandlerDefinition[] = [
    defineCommandHandler({ ...base, deduplicate: true }),
    defineCommandHandler({ ...base, deduplicate: 'headers.paymentId' }),
    defineCommandHandler({ ...base, deduplicate: ({ headers }) => String(headers.paymentId) }),
    defineCommandHandler({ ...base, deduplicate: async ({ payload }) => payload.id as number }),
    defineCommandHandler({ ...base, deduplicate: () => null }),
  ];
  expect(written).toHaveLength(5);
  // @ts-expect-error a number is no expression
  defineCommandHandler({ ...base, deduplicate: 7 });
  // @ts-expect-error an object is no key
  defineCommandHandler({ ...base, deduplicate: () => ({}) });
  expectTypeOf<HandlerDefinition['deduplicate']>().toEqualTypeOf<Deduplicate | undefined>();
});
