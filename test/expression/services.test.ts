import { describe, expect, test } from 'vitest';
import { compileExpression } from '../../src/expression/compile-expression.ts';
import { caught } from '../caught.ts';
import { contextOf, evaluate } from './evaluate.ts';
import { Prices } from './shop.ts';

class Base {
  protected rate = 2;

  inherited(): string {
    return `inherited at ${this.rate}`;
  }

  get current(): number {
    return this.rate * 10;
  }
}

class Service extends Base {
  readonly limit = 5;
  readonly nested = { deep: [1, 2], self: () => 'never' };
  readonly soon = Promise.resolve('soon');

  self(): this {
    return this;
  }

  async promised(): Promise<{ total: number }> {
    return { total: 3 };
  }

  child(): Base {
    return new Base();
  }

  get failing(): never {
    throw new TypeError('the getter failed');
  }

  fail(): never {
    throw new RangeError('the service failed');
  }

  async failLater(): Promise<never> {
    throw 'a text';
  }

  failWithNothing(): never {
    throw undefined;
  }
}

const service = new Service();

describe('of a service', () => {
  test.each<[string, unknown]>([
    ['service.inherited()', 'inherited at 2'],
    ['service.current', 20],
    ['service.limit', 5],
    ['service.nested.deep', [1, 2]],
    ['service.nested.self()', 'never'],
    ['service.soon', 'soon'],
    ['service.promised()', { total: 3 }],
    ['service.promised().total', 3],
    ['service.self().self().limit', 5],
    ['service.child().current', 20],
    ['$keys(service)', ['rate', 'limit', 'nested', 'soon']],
  ])('methods, data and getters are there, inherited or not: %s', async (text, expected) => {
    expect(await evaluate(text, { service })).toStrictEqual(expected);
  });

  test.each([
    'service.constructor',
    'service.__proto__',
    'service.`__proto__`',
    'service.toString',
    'service.hasOwnProperty',
    'service.inherited',
    'service.nested.self',
    "$lookup(service, 'constructor')",
    "$lookup(service, 'inherited')",
    'service.self().constructor',
    'service.then',
  ])('nothing else is there: %s', async (text) => {
    expect(await evaluate(text, { service })).toBeUndefined();
  });

  test.each([
    'constructor',
    'toString',
    'valueOf',
    'hasOwnProperty',
    '__defineGetter__',
    '__lookupGetter__',
    '__proto__',
    'then',
    'missing',
    'limit',
    'current',
  ])('%s cannot be called', async (name) => {
    const error = await caught(() => evaluate(`service.${name}('x')`, { service }));
    expect(error).toMatchObject({ retryable: false });
    expect(error.message).toContain(`the object has no method '${name}'; it has self, promised, child,`);
  });

  test('what a constructor is reached by cannot be called in two steps either', async () => {
    await caught(() => evaluate("service.constructor('return process')()", { service }));
    expect(await evaluate("service.self.constructor('return process')()", { service })).toBeUndefined();
    expect(await evaluate("payload.constructor.constructor('return process')()", { payload: {} })).toBeUndefined();
  });
});

test.each<[string, unknown]>([
  ['a plain object of functions', { of: (sku: string) => `${sku}!` }],
  ['an object without a prototype', Object.assign(Object.create(null), { of: (sku: string) => `${sku}!` })],
  ['an object with functions on its prototype', Object.create({ of: (sku: string) => `${sku}!` })],
  ['a promise of an object', Promise.resolve({ of: (sku: string) => `${sku}!` })],
  ['a frozen object', Object.freeze({ of: (sku: string) => `${sku}!` })],
])('a service can be %s', async (_kind, prices) => {
  expect(await evaluate("reference('prices').of(payload)", { payload: 'x', references: { prices } })).toBe('x!');
});

test('`this` is the service', async () => {
  const counter = {
    count: 0,
    next() {
      this.count += 1;
      return this.count;
    },
  };
  expect(await evaluate('service.next() + service.next()', { service: counter })).toBe(3);
});

test('an object that a service gave goes to another service, and comes out, as the same object', async () => {
  const references = { first: service, second: new Prices() };
  const text = "[reference('second').echo(reference('first').child()), reference('first').nested.deep]";
  expect(await evaluate("reference('first')", { references })).toBe(service);
  expect(await evaluate("reference('second').echo(reference('first')) = reference('first')", { references })).toBe(
    true,
  );
  const [child] = (await evaluate(text, { references })) as [unknown];
  expect(child).toBeInstanceOf(Base);
});

test('dates, maps and bytes that a service gives are objects with methods as well', async () => {
  const values = { at: new Date(0), map: new Map([['a', 1]]), bytes: Buffer.from('hi') };
  const given = { at: () => values.at, map: () => values.map, bytes: () => values.bytes };
  expect(await evaluate('service.at()', { service: given })).toBe(values.at);
  expect(await evaluate('service.at().getTime()', { service: given })).toBe(0);
  expect(await evaluate("'at ' & service.at()", { service: given })).toBe('at "1970-01-01T00:00:00.000Z"');
  expect(await evaluate("service.map().get('a')", { service: given })).toBe(1);
  expect(await evaluate('service.bytes()', { service: given })).toBe(values.bytes);
});

test('lists and plain objects that a service gives are data: nothing in them can be called', async () => {
  const given = { list: () => [{ a: 1 }], object: () => ({ a: { b: null } }) };
  expect(await evaluate('service.list().a', { service: given })).toBe(1);
  expect(await evaluate('service.object().a', { service: given })).toStrictEqual({ b: null });
  const error = await caught(() => evaluate("service.list().push('x')", { service: given }));
  expect(error.message).toContain('it calls push(…) on data, which has no methods');
});

test.each([
  ['service.fail()', new RangeError('the service failed')],
  ['service.failing', new TypeError('the getter failed')],
  ['true and service.fail()', new RangeError('the service failed')],
  ['[service.fail(), 1]', new RangeError('the service failed')],
  ["{ 'a': service.fail() }", new RangeError('the service failed')],
  ['$map([1], function($i){ service.fail() })', new RangeError('the service failed')],
  ['service.failLater()', 'a text'],
  ['service.failWithNothing()', undefined],
  ["reference('absent').of(1)", new Error("no service 'absent'")],
  ["parameter('absent')", new Error("no variable 'absent'")],
])('what somebody else throws passes unchanged: %s', async (text, expected) => {
  await expect(evaluate(text, { service })).rejects.toStrictEqual(expected);
});

test('the very error passes, with its cause, and nothing is written into it', async () => {
  const error = Object.freeze(new Error('unknown service', { cause: 'the container' }));
  const reference = () => {
    throw error;
  };
  const context = { ...contextOf({}), reference };
  const thrown = await Promise.resolve(compileExpression("reference('x').f()").evaluate(context)).catch((e) => e);
  expect(thrown).toBe(error);
});

test('a service that is a function is refused: an expression calls methods', async () => {
  const error = await caught(() => evaluate("reference('f').x()", { references: { f: () => 1 } }));
  expect(error.message).toContain("the reference 'f' is a function; an expression calls methods of objects");
});

test('functions are not given to services', async () => {
  const error = await caught(() => evaluate('service.echo(function($x){ $x })', { service: new Prices() }));
  expect(error.message).toContain('it returns a function, or passes one to a method, where only data is allowed');
});

test('parts that an expression does not come to are not read', async () => {
  const context = {
    ...contextOf({ headers: { a: 1 } }),
    get payload(): unknown {
      throw new Error('the payload was decoded');
    },
  };
  expect(await compileExpression('headers.a = 1 ? headers.a : payload').evaluate(context)).toBe(1);
  await expect(compileExpression('payload.a + 1').evaluate(context)).rejects.toThrow('the payload was decoded');
  expect(() => compileExpression('payload.a').evaluate(context)).toThrow('the payload was decoded');
});
