import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { type HeaderArguments, headerArgument } from '../../src/cli/header-option.ts';

function headers(...texts: string[]): [string, string][] {
  const none: HeaderArguments | undefined = undefined;
  return [...(texts.reduce<HeaderArguments | undefined>((all, text) => headerArgument(text, all), none) ?? [])];
}

test.each([
  ['executorId:7', 'executorId', '7'],
  [' executorId : 7 ', 'executorId', '7'],
  ['url:http://a:80', 'url', 'http://a:80'],
  ['empty:', 'empty', ''],
  ['__proto__:x', '__proto__', 'x'],
])('%o is a header', (text, name, value) => {
  expect(headers(text)).toEqual([[name, value]]);
});

test('several are kept in their order', () => {
  expect(headers('b:1', 'a:2')).toEqual([
    ['b', '1'],
    ['a', '2'],
  ]);
});

test.each([[['executorId']], [['']], [[':7']], [[' :7']], [['a:1', 'a:1']]])('%j is refused', (texts) => {
  expect(() => headers(...texts)).toThrow(InvalidArgumentError);
});
