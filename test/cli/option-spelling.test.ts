import { Command } from 'commander';
import { expect, test } from 'vitest';
import { withDeclaredSpelling } from '../../src/cli/option-spelling.ts';

const commands = [
  new Command('run').option('--handledMessageLimit <n>').option('-v, --verbose'),
  new Command('start').option('--no-consume'),
];

test.each([
  [
    ['--handled-message-limit', '3'],
    ['--handledMessageLimit', '3'],
  ],
  [['--handled-message-limit=3'], ['--handledMessageLimit=3']],
  [['--handledMessageLimit=--no-consume'], ['--handledMessageLimit=--no-consume']],
  [['--noConsume'], ['--no-consume']],
  [['--no-consume'], ['--no-consume']],
  [
    ['-vvv', '-', 'handled-message-limit'],
    ['-vvv', '-', 'handled-message-limit'],
  ],
  [
    ['--unknown-option', '--Handled-message-limit'],
    ['--unknown-option', '--Handled-message-limit'],
  ],
  [['a\n--handled-message-limit'], ['a\n--handled-message-limit']],
  [['--handled-message-limit=a\nb'], ['--handledMessageLimit=a\nb']],
  [
    ['--handled-message-limit', '--', '--handled-message-limit'],
    ['--handledMessageLimit', '--', '--handled-message-limit'],
  ],
  [[], []],
])('%j is read as %j', (args, expected) => {
  expect(withDeclaredSpelling(args, commands)).toEqual(expected);
});
