import { describe, expect, test } from 'vitest';
import { compileExpression } from '../../src/expression/compile-expression.ts';
import { caught, everythingIn } from '../caught.ts';
import { evaluate } from './evaluate.ts';
import { Prices } from './shop.ts';

describe('an expression that is not valid is refused at start, with what is wrong and where', () => {
  test.each([
    [
      'payload *',
      'The expression "payload *" is not valid, at character 9, after "payload *": Unexpected end of expression.',
    ],
    ['payload.(a', 'at character 10, after "payload.(a": Expected ")" before end of expression.'],
    ['payload.items[0', 'Expected "]" before end of expression.'],
    ['payload 7', 'at character 9, after "payload 7": Syntax error: 7.'],
    ['(\n  payload.a;\n  payload.b c\n)', 'at line 3, character 13, after "payload.b c": '],
    ["'open", 'String literal must be terminated by a matching quote.'],
    ['', 'Unexpected end of expression.'],
    ['payload ~> /(/', 'No terminating / in regular expression'],
    ['payload ~> $match(/a**/)', 'Nothing to repeat'],
    [
      'payloda * 2',
      "unknown name 'payloda'; available: payload, headers, value, service, reference('…') and parameter('…').",
    ],
    ['$sum(items.quantity)', "unknown name 'items'"],
    ['reference', "unknown name 'reference'"],
    ['$map(payload.items, function($i){ sku })', "unknown name 'sku'"],
    ['service.of(sku)', 'An argument does not see the object before the dot'],
    ['sum(payload)', "sum(…) is no function; JSONata's own begin with $, as in $sum(…)."],
    ['reference().of(1)', 'reference(…) takes one argument: a name.'],
    ["parameter('a', 'b')", 'parameter(…) takes one argument: a name.'],
    ['service.of(?, 1)', 'of(…, ?) is not supported'],
    ['payload.items.(service.of(%.id))', '% cannot be used in the argument of a method'],
    ['payload.items@$i.services.of(sku, $i)', "unknown name 'sku'"],
    ['payload.(items@$i.service.of(sku))', 'after @ or #, write of(…) in parentheses of its own'],
    ['payload.(items[0]#$i.service.of(sku))', 'after @ or #, write of(…) in parentheses of its own'],
  ])('%s', (text, expected) => {
    expect(() => compileExpression(text)).toThrow(SyntaxError);
    expect(() => compileExpression(text)).toThrow(expected);
  });

  test('a part that there is not where the expression stands', () => {
    const parts = ['payload', 'headers', 'value'] as const;
    expect(() => compileExpression('service.of(1)', { parts })).toThrow(
      "unknown name 'service'; available: payload, headers, value,",
    );
    expect(() => compileExpression('payload.items.(service.of(sku))', { parts })).toThrow("unknown name 'service'");
    expect(compileExpression('payload.items.service', { parts }).text).toBe('payload.items.service');
  });

  test('a long text is shortened', () => {
    expect(() => compileExpression(`${'x'.repeat(10_000)} *`)).toThrow(/^The expression "x{300}…" is not valid/);
  });
});

const secret = 'hunter2-secret';

describe('an evaluation that fails says why, names the expression, and shows nothing of the message', () => {
  test.each([
    ['payload.s * 2', 'the left side of "*" must be a number'],
    ['2 * payload.s', 'the right side of "*" must be a number'],
    ['payload.o < 3', 'both sides of "<" must be numbers or texts'],
    ['payload.s < 3', 'both sides of "<" must be numbers, or both texts'],
    ['true and payload.s < 3', 'must be numbers, or both texts'],
    ['-payload.s', 'only a number can be negated'],
    ['$sum(payload.s)', 'argument 1 of "sum" must be an array of numbers'],
    ['$sqrt(payload.s)', 'argument 1 of "sqrt" is of the wrong type'],
    ['payload.o.$uppercase()', 'is of the wrong type'],
    ['$number(payload.s)', 'a value cannot be converted to a number'],
    ['[payload.s..3]', 'the beginning of a range must be a whole number'],
    ['[1..payload.s]', 'the end of a range must be a whole number'],
    ['{ payload.o: 1 }', 'the keys of an object must be texts'],
    ['{ payload.s: 1, payload.s: 2 }', 'two keys of an object are the same'],
    ['payload.list^($).x', 'an order-by compares numbers only, or texts only'],
    ['payload ~> payload.s', 'the right side of "~>" must be a function'],
    ['payload ~> |$|s|', 'the update of a transform must be an object'],
    ['payload ~> |$|{}, o|', 'the deletions of a transform must be texts'],
    ['$toMillis(payload.s)', 'a timestamp is not in ISO 8601'],
    ['$decodeUrl(payload.percent)', 'a URL is malformed'],
    ['payload.s.$nope()', 'it calls a value that is not a function'],
    ['$sort([payload.s, 1])', '$sort() without a function takes numbers only, or texts only'],
    ['$single(payload.list)', '$single() found more than one'],
    ['payload.s.shout()', 'it calls shout(…) on data, which has no methods'],
    ['service.shout(payload.s)', "the object has no method 'shout'; it has of, later, echo"],
    ['reference(payload.o)', 'the name of a reference must be a text'],
    ['parameter(payload.o)', 'the name of a parameter must be a text'],
    ['$error("not for " & payload.s)', 'it raised the error itself, with $error() or $assert()'],
    ['$assert(false, payload.s)', 'it raised the error itself, with $error() or $assert()'],
    ['$formatBase(10, payload.big)', 'JSONata reports D3100'],
    ['$fromMillis(0, payload.s)', ''],
    ['$replace(payload.s, /./, function($m){ 1 })', 'a replacement must be a text'],
  ])('%s', async (text, expected) => {
    const payload = { s: secret, o: { [secret]: secret }, list: [secret, 1], percent: `%${secret}`, big: 1234567 };
    const run = () => evaluate(text, { payload, service: new Prices() });
    if (expected === '') {
      await run().catch((error) => expect(everythingIn(error)).not.toContain(secret));
      return;
    }
    const error = await caught(run);
    expect(error).toMatchObject({ code: 'expression-failed', retryable: false, status: 422 });
    expect(error.message).toContain(`The expression "${text}" cannot be evaluated: `);
    expect(error.message).toContain(expected);
    expect(everythingIn(error)).not.toContain(secret);
    expect(everythingIn(error)).not.toContain('1234567');
  });

  test('what $error and $assert say in the expression itself is said', async () => {
    const assertion = "$assert(payload.n > 0, 'n must be positive')";
    expect((await caught(() => evaluate(assertion, { payload: { n: 0 } }))).message).toContain('n must be positive');
    expect((await caught(() => evaluate("$error('no such order')", {}))).message).toContain('no such order');
  });
});
