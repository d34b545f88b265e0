import { describe, expect, test } from 'vitest';
import { compileExpression } from '../../src/expression/compile-expression.ts';
import { caught } from '../caught.ts';
import { evaluate } from './evaluate.ts';

describe('the spelling of another language', () => {
  test.each([
    ['payload.a == 1', '"equal" is a single ='],
    ['null == payload.a', '"equal" is a single ='],
    ['payload.a === null', '"equal" is a single ='],
    ['payload.items[sku == "a"].n', '"equal" is a single ='],
    ['payload.a !== 1', '"not equal" is !='],
    ['payload.a <> 1', '"not equal" is !='],
    ['payload.a && payload.b', 'write and'],
    ['payload.a || payload.b', 'write or'],
    ['payload.a AND payload.b', 'write and, in small letters'],
    ['payload.a OR payload.b', 'write or, in small letters'],
    ['!payload.a', 'write $not(…)'],
    ['payload.a and !payload.b', 'write $not(…)'],
    ['not payload.a', 'write $not(…)'],
    ['payload.a not in [1]', 'write $not(a in b)'],
    ['payload?.a', 'a step on a missing value gives no value; write . alone'],
    ['payload->a', 'a field is written with a dot: payload.x'],
    ["payload.a ~ '-'", 'texts are joined with &'],
    ['payload.n ** 2', 'a power is $power(a, b)'],
    ["payload.a matches '/x/'", 'write $contains(text, /pattern/)'],
    ["payload.a starts with 'x'", 'write $contains(text, /^beginning/)'],
    ['$map(payload.a, $x => $x)', 'a function is function($x){ … }'],
    ['$map(payload.a, ($x) => $x)', 'a function is function($x){ … }'],
  ])('is refused at start, with what to write: %s', (text, remedy) => {
    expect(() => compileExpression(text)).toThrow(remedy);
  });

  test.each([
    ["payload['x']", 'write payload.x in place of'],
    ['payload["x"]', 'write payload.x in place of'],
    ['payload[ "x" ]', 'write payload.x in place of'],
    ["headers['x-y']", 'write headers.`x-y` in place of'],
    ["payload['a']['b-c'].d", 'write payload.a.`b-c`.d in place of'],
    ["payload.items[0]['sku']", 'write payload.items[0].sku in place of'],
    ["payload['items'][0]['sku']", 'write payload.items[0].sku in place of'],
    ["value['x'] & '-'", 'write value.x in place of'],
    ["reference('x')['y']", "write reference('x').y in place of"],
    ["parameter('x')['y'] * 2", "write parameter('x').y in place of"],
    ["service.get(payload['x'])", 'write payload.x in place of'],
    ["$map(payload.items, function($i){ $i['sku'] })", 'write $i.sku in place of'],
    ["payload.items[sku = headers['sku']]", 'write headers.sku in place of'],
    ['{ "a": [payload[\'x\']] }', 'write payload.x in place of'],
    ["payload.a ? payload['x'] : 1", 'write payload.x in place of'],
    ["(payload)['x']", "write ….x in place of …['x']"],
  ])('is rejected at start for a field: %s', (text, remedy) => {
    expect(() => compileExpression(text)).toThrow(remedy);
  });

  test.each([
    ["'a' + payload.b", "+ takes numbers, and 'a' is a text; texts are joined with &"],
    ["payload.a + '-' + payload.b", 'texts are joined with &'],
    ["payload.a * '2'", "* takes numbers, and '2' is a text"],
    ['$payload.a', 'unknown variable $payload'],
    ['$payload.a', 'the part of the message is payload, without $'],
    ['$map(payload.a, $uper)', 'unknown variable $uper'],
    ['payload.items.($x * n)', 'unknown variable $x'],
  ])('cannot mean anything: %s', (text, remedy) => {
    expect(() => compileExpression(text)).toThrow(remedy);
  });

  test.each<[string, unknown]>([
    ['payload.a = "a == b && c"', false],
    ["payload.a & '!x || y'", 'xx!x || y'],
    ['$contains(payload.a, /==|!x/)', false],
    ['/* a == b */ payload.a', 'x'.repeat(2)],
    ['payload.`a == b`', 1],
    ['payload.a = "xx" ? 1 : 2', 1],
    ['payload.none ?? "none"', 'none'],
    ['payload.none ?: "none"', 'none'],
    ['payload.a != "y" and payload.none != 1', false],
    ['payload.not', 'not'],
    ['payload.items[sku].n', 1],
    ['payload."a"', 'xx'],
    ['payload.items[[0..0]].n', 1],
    ['($x := 1; payload.items@$i#$n.($x + $n + $i.n))', [2, 4]],
  ])('is left alone where it is none: %s', async (text, expected) => {
    const payload = { a: 'xx', 'a == b': 1, not: 'not', items: [{ sku: 's', n: 1 }, { n: 2 }] };
    expect(await evaluate(text, { payload })).toEqual(expected);
  });

  test('is found once, where it stands', () => {
    expect(() => compileExpression('payload.a and\n  payload.b == 1')).toThrow(
      'The expression "payload.a and\n  payload.b == 1" is not valid, at line 2, character 14, after "payload.b ==": == is not JSONata\'s: "equal" is a single =.',
    );
  });
});

describe('a text where a number is wanted', () => {
  const payload = { n: '7', word: 'secret', list: ['1', 2], five: 5 };
  const isNumber = 'and not a text that holds a number: write $number(…)';
  test.each([
    ['payload.n * 2', `the left side of "*" must be a number, ${isNumber}`],
    ['2 - payload.n', `the right side of "-" must be a number, ${isNumber}`],
    ['payload.five + payload.n', isNumber],
    ['-payload.n', isNumber],
    ['payload.n > 3', isNumber],
    ['$sum(payload.list)', isNumber],
    ['$round(payload.n)', isNumber],
    ['[1..payload.n]', isNumber],
    ['payload.word * 2', 'must be a number, and not a text'],
    ['payload.word + payload.n', 'and not a text; texts are joined with &'],
  ])('is said to be one, and what to do: %s', async (text, expected) => {
    const { message } = await caught(() => evaluate(text, { payload }));
    expect(message).toContain(expected);
    expect(message).not.toContain('secret');
    expect(message).not.toMatch(/\b7\b/);
  });

  test('is a number with $number()', async () => {
    expect(await evaluate('$number(payload.n) * 2', { payload })).toBe(14);
    expect(await evaluate('$sum(payload.list.$number())', { payload })).toBe(3);
  });
});
