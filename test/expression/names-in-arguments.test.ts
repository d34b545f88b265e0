import { describe, expect, test } from 'vitest';
import { evaluate } from './evaluate.ts';
import { order, Prices } from './shop.ts';

const region = 'eu';
const message = { payload: order, headers: { region, sku: 'pear' }, value: 'the value' };
const on = (text: string) => {
  const prices = new Prices();
  return evaluate(text, { ...message, service: prices, references: { prices, echo: prices } });
};

describe('a name in the argument of a method', () => {
  test.each<[string, unknown]>([
    ['service.echo(payload.id)', 'o-1'],
    ['service.echo(headers.region)', 'eu'],
    ['service.echo(value)', 'the value'],
    ['service.echo(service.currency)', 'EUR'],
    ["reference('prices').echo(payload.id & headers.region)", 'o-1eu'],
    ["reference('prices').of(payload.items[0].sku, 10)", 20],
    ["reference('echo').echo(reference('prices').of(headers.sku), headers.region)", [3, 'eu']],
    ["reference('prices').echo({ 'id': payload.id, 'region': headers.region })", { id: 'o-1', region }],
    ["reference('prices').echo([payload.id, headers.region])", ['o-1', 'eu']],
    ["reference('prices').echo(payload.id = 'o-1' ? headers.region : value)", 'eu'],
    ["reference('prices').echo(-(payload.items[0].quantity))", -2],
    ["reference('prices').echo($uppercase(payload.id))", 'O-1'],
    ["reference('prices').echo($count(payload.items))", 2],
    ["reference(payload.items ? 'prices' : 'none').echo(payload.id)", 'o-1'],
    ['(service).echo(payload.id)', 'o-1'],
    ["($prices := reference('prices'); $prices.echo(payload.id))", 'o-1'],
    ["service.echo(($id := payload.id; $id & '!'))", 'o-1!'],
    ['service.echo(payload.id) ~> $uppercase()', 'O-1'],
    ['payload.id ~> service.echo(headers.region)', ['o-1', 'eu']],
    ["payload.id ~> reference('prices').echo() ~> service.echo(value)", ['o-1', 'the value']],
  ])('on the message is a part of it: %s', async (text, expected) => {
    expect(await on(text)).toStrictEqual(expected);
  });

  test.each<[string, unknown]>([
    ["payload.items.(reference('prices').of(sku) * quantity)", [4, 15]],
    ["payload.items.(reference('prices').of(sku, quantity))", [4, 15]],
    ['payload.items.(service.of(sku))', [2, 3]],
    ['payload.items.(service.echo($).sku)', ['apple', 'pear']],
    ["payload.items.(service.echo(sku & '!'))", ['apple!', 'pear!']],
    ['payload.items.(service.echo($uppercase(sku)))', ['APPLE', 'PEAR']],
    ["payload.items.(service.echo({ 'sku': sku }).sku)", ['apple', 'pear']],
    ["payload.items.(reference('echo').echo(reference('prices').of(sku)))", [2, 3]],
    ['payload.(items.(service.of(sku)))', [2, 3]],
    ['payload.items.(quantity > 3 ? service.of(sku) : service.of(sku, 10))', [20, 3]],
    ['payload.items.(quantity ~> service.echo(sku))', [2, 'apple', 5, 'pear']],
    ['payload.items.(sku ~> service.of(quantity))', [4, 15]],
    ['payload.items[service.of(sku) > 2].sku', 'pear'],
    ["payload.items[reference('prices').of(sku) = 2].sku", 'apple'],
    ["payload.items^(>reference('prices').of(sku)).sku", ['pear', 'apple']],
    ["payload.items{ sku: reference('prices').of(sku) }", { apple: 2, pear: 3 }],
    ["payload.items{ 'all': reference('prices').echo($sum(quantity)) }", { all: 7 }],
    ['payload.items@$item.(service.of($item.sku))', [2, 3]],
    ['payload.items#$i.(service.echo($i & sku))', ['0apple', '1pear']],
    ['payload.items.($order := %.id; service.echo($order & sku))', ['o-1apple', 'o-1pear']],
    ["(payload ~> |items|{ 'price': service.of(sku) }|).items.price", [2, 3]],
    ["$map(payload.items, function($i){ reference('prices').of($i.sku) })", [2, 3]],
    ["$map(payload.items, function($i){ reference('prices').of($i.sku, payload.items[0].quantity) })", [4, 6]],
    ['payload.items.$map([1, 2], function($n){ service.of(sku, $n) })', [2, 4, 3, 6]],
    ['$filter(payload.items, function($i){ service.of($i.sku) > 2 }).sku', 'pear'],
    ['($f := function($sku){ service.of($sku) }; payload.items.$f(sku))', [2, 3]],
    ["$reduce(payload.items.sku, function($sum, $sku){ $sum & service.of($sku) }, '')", '23'],
    ['payload.items.sku ~> $map(function($sku){ service.of($sku) })', [2, 3]],
  ])('in the context of an item is a field of the item: %s', async (text, expected) => {
    expect(await on(text)).toStrictEqual(expected);
  });

  test.each<[string, unknown]>([
    ['payload.items.(service.echo(payload.id))', ['o-1', 'o-1']],
    ['payload.items.(service.echo(headers.region))', ['eu', 'eu']],
    ["payload.items.(reference('prices').echo(value))", ['the value', 'the value']],
    ["payload.items[reference('prices').echo(payload.id) = 'o-1'].sku", ['apple', 'pear']],
    ['payload.items.(service.echo($.value))', [1, 9]],
    ['payload.items.(service.echo(payload.items[value > 3].sku))', ['pear', 'pear']],
    ['service.echo(payload.items[value > 3].sku)', 'pear'],
    ['service.echo(payload.items.payload)', ['own payload', 'own payload']],
    ['$map(payload.items, function($i){ service.echo(value) })', ['the value', 'the value']],
  ])('means the message if it is one of its parts, and not the field of the same name: %s', async (text, expected) => {
    expect(await on(text)).toStrictEqual(expected);
  });
});

describe('a name elsewhere', () => {
  test.each<[string, unknown]>([
    ['payload.items[value > 3].sku', 'pear'],
    ["payload.items[payload = 'own payload'].sku", ['apple', 'pear']],
    ["payload.items[headers = 'own headers'].headers", ['own headers', 'own headers']],
    ['payload.items.(value)', [1, 9]],
    ['payload.value', 'of the order'],
    ['payload.items.(value & $$.value)', ['1the value', '9the value']],
    ['payload.items^(>value).sku', ['pear', 'apple']],
    ['payload.items.service', undefined],
  ])('is a field of the object it is looked up on: %s', async (text, expected) => {
    expect(await on(text)).toStrictEqual(expected);
  });
});

test('a service is looked up once for a group of items, not once for each', async () => {
  const names: string[] = [];
  const { compileExpression } = await import('../../src/expression/compile-expression.ts');
  const expression = compileExpression("payload.items{ 'all': reference('prices').echo($sum(quantity)) }");
  const reference = (name: string) => {
    names.push(name);
    return new Prices();
  };
  await expression.evaluate({ payload: order, headers: {}, reference, parameter: () => 1 });
  expect(names).toEqual(['prices']);
});
