import { expect, test } from 'vitest';
import { ProgressBar, progressText } from '../../src/cli/progress-bar.ts';

function output(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  return { written, line: new ProgressBar(stream) };
}

test.each([
  [0, 0, '[..............................] 0 of 4 passed, 0 replayed'],
  [2, 1, '[###############...............] 2 of 4 passed, 1 replayed'],
  [4, 3, '[##############################] 4 of 4 passed, 3 replayed'],
])('%i passed and %i replayed of 4', (seen, replayed, text) => {
  expect(progressText({ seen, replayed, failed: 0, total: 4 })).toBe(text);
});

test('a terminal has one line, which is taken away at the end', () => {
  const { written, line } = output(true);
  line.draw({ seen: 2, replayed: 1, failed: 0, total: 4 });
  line.clear();
  expect(written).toEqual([expect.stringMatching(/^\r.*1 replayed$/), expect.stringMatching(/^\r/)]);
});

test('elsewhere nothing is drawn', () => {
  const { written, line } = output(false);
  line.draw({ seen: 2, replayed: 1, failed: 0, total: 4 });
  line.clear();
  expect(written).toEqual([]);
});
