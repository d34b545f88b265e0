import { describe, expect, test } from 'vitest';
import { arrival, arrivedHeaders, expectProblem, post, sharedGateway } from '../gateway-fixture.ts';

describe('Message-Header-…', () => {
  test.each([
    ['Message-Header-Executor-Id', 'executorId'],
    ['message-header-executor-id', 'executorId'],
    ['MESSAGE-HEADER-EXECUTOR-ID', 'executorId'],
    ['Message-Header-Region', 'region'],
    ['Message-Header-A-B-C', 'aBC'],
    ['Message-Header-Executor--Id', 'executorId'],
    ['Message-Header-snake_case', 'snake_case'],
    ['Message-Header-Dotted.Name', 'dotted.name'],
    ['Message-Header-2nd-Try', '2ndTry'],
    ['Message-Header-Part-2', 'part2'],
    ['Message-Header-Constructor', 'constructor'],
    ['Message-Header-To-String', 'toString'],
    ['Message-Header-Trailing-', 'trailing-'],
  ])('%s becomes %s', async (name, mapped) => {
    const headers = await arrivedHeaders({ [name]: '7' });
    expect(Object.hasOwn(headers, mapped)).toBe(true);
    expect(headers[mapped]).toBe('7');
  });

  test.each(['7', '007', 'true', 'null', '{"a":1}', ' spaced  inside ', ''])(
    'its value %j stays text',
    async (value) => {
      expect(await arrivedHeaders({ 'Message-Header-Some-Name': value })).toMatchObject({ someName: value });
    },
  );

  test('without a name it is refused', async () => {
    expectProblem(await post(await sharedGateway(), { headers: { 'Message-Header-': 'x' } }), 'invalid-header');
  });

  test('two spellings of one name are refused, for one of them would be lost', async () => {
    const headers = { 'Message-Header-Executor-Id': '1', 'Message-Header-Executor--Id': '2' };
    expectProblem(await post(await sharedGateway(), { headers }), 'invalid-header');
  });

  test('a name longer than 255 bytes is refused', async () => {
    const headers = { [`Message-Header-${'n'.repeat(256)}`]: 'x' };
    expectProblem(await post(await sharedGateway(), { headers }), 'invalid-header');
  });

  test('other request headers stay behind', async () => {
    const headers = await arrivedHeaders({
      authorization: 'secret',
      cookie: 'a=b',
      'x-tenant': 'acme',
      'my-header': '1',
    });
    expect(Object.values(headers)).not.toContain('secret');
    expect(Object.keys(headers)).not.toContain('cookie');
    expect(Object.keys(headers)).not.toContain('x-tenant');
    expect(Object.keys(headers)).not.toContain('myHeader');
  });
});

describe('Message-Headers', () => {
  test.each([
    ['a text', '"7"', '7'],
    ['an empty text', '""', ''],
    ['an integer', '7', 7],
    ['a negative integer', '-7', -7],
    ['the largest exact integer', '9007199254740991', 9007199254740991],
    ['an integer beyond 2^53', '9007199254740993', 9007199254740993n],
    ['the smallest of 64 bits', '-9223372036854775808', -9223372036854775808n],
    ['a list with an integer beyond 2^53', '[9007199254740993]', '[9007199254740993]'],
    ['a float', '1.5', 1.5],
    ['true', 'true', true],
    ['false', 'false', false],
    ['an object', '{ "a": [1, "b"] }', '{"a":[1,"b"]}'],
    ['an array', '[1, {"b": 2}]', '[1,{"b":2}]'],
    ['an object with nulls', '{"a":null,"b":1}', '{"b":1}'],
    ['unicode', '"gr\u00fcn"', 'gr\u00fcn'],
    ['escaped unicode', '"\\u00fc \\ud83d\\ude00"', '\u00fc \u{1f600}'],
    ['a control character', '"a\\u0000b"', 'a\u0000b'],
  ])('%s arrives with its type', async (_kind, json, value) => {
    const text = Buffer.from(`{"some-Name_1":${json}}`).toString('latin1');
    expect(await arrivedHeaders({ 'Message-Headers': text })).toMatchObject({ 'some-Name_1': value });
  });

  test('null is dropped', async () => {
    expect(await arrivedHeaders({ 'Message-Headers': '{"gone":null}' })).not.toHaveProperty('gone');
  });

  test('wins over Message-Header-…', async () => {
    const headers = { 'Message-Headers': '{"executorId":7}', 'Message-Header-Executor-Id': '8' };
    expect(await arrivedHeaders(headers)).toMatchObject({ executorId: 7 });
  });

  test('null wins as well: the header is gone', async () => {
    const headers = { 'Message-Headers': '{"executorId":null}', 'Message-Header-Executor-Id': '8' };
    expect(await arrivedHeaders(headers)).not.toHaveProperty('executorId');
  });

  test('an empty object adds nothing', async () => {
    expect(Object.keys(await arrivedHeaders({ 'Message-Headers': '{}' }))).toEqual(Object.keys(await arrivedHeaders()));
  });

  test.each([
    ['nothing', ''],
    ['broken JSON', '{"a":'],
    ['no object', '7'],
    ['an array', '["a"]'],
    ['null', 'null'],
    ['an empty name', '{"":1}'],
    ['an integer of more than 64 bits', '{"a":9223372036854775808}'],
    ['a number too large to be one', '{"a":1e999}'],
    ['half a character in a value', '{"a":"\\ud800"}'],
    ['half a character in a name', '{"\\ud800":1}'],
    ['a name longer than 255 bytes', `{"${'\u00fc'.repeat(128)}":1}`],
    ['a header that occurs twice', '{"a":1,"b":2,"a":1}'],
    ['a member of a header that occurs twice', '{"a":{"b":1,"b":2}}'],
    ['nesting without end', `{"a":${'['.repeat(7000)}${']'.repeat(7000)}}`],
  ])('%s is refused', async (_issue, json) => {
    const headers = { 'Message-Headers': Buffer.from(json).toString('latin1') };
    expectProblem(await post(await sharedGateway(), { headers }), 'invalid-header');
  });

  test('is refused with the place of a member that occurs twice', async () => {
    const response = await post(await sharedGateway(), { headers: { 'Message-Headers': '{"a":[{"b":1,"b":2}]}' } });
    const { detail } = expectProblem(response, 'invalid-header');
    expect(detail).toBe("The request header 'Message-Headers' has a member at /a/0/b that occurs twice.");
  });

  test('more than 64 KB of headers are refused before anything is sent', async () => {
    const headers = { 'Message-Headers': JSON.stringify({ big: 'x'.repeat(65_536) }) };
    expectProblem(await post(await sharedGateway(), { headers }), 'headers-too-large');
  });

  test('headers of just under 64 KB arrive', async () => {
    const headers = { 'Message-Headers': JSON.stringify({ big: 'x'.repeat(64_500) }) };
    const message = await arrival(await sharedGateway(), { headers });
    expect(message.headers.big).toHaveLength(64_500);
  });
});
