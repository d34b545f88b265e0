import { expect, test } from 'vitest';
import { ProgressLine, progressText } from '../../src/cli/progress-line.ts';

function output(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  return { written, line: new ProgressLine(stream) };
}

test.each([
  [0, 0, '[..............................] 0 of 4 replayed'],
  [2, 0, '[###############...............] 2 of 4 replayed'],
  [3, 1, '[##############################] 3 of 4 replayed'],
])('%i replayed and %i failed of 4', (replayed, failed, text) => {
  expect(progressText({ replayed, failed, total: 4 })).toBe(text);
});

test('a terminal has one line, which is taken away at the end', () => {
  const { written, line } = output(true);
  line.draw({ replayed: 1, failed: 0, total: 4 });
  line.clear();
  expect(written).toEqual([expect.stringMatching(/^\r.*1 of 4 replayed$/), expect.stringMatching(/^\r/)]);
});

test('elsewhere nothing is drawn', () => {
  const { written, line } = output(false);
  line.draw({ replayed: 1, failed: 0, total: 4 });
  line.clear();
  expect(written).toEqual([]);
});
