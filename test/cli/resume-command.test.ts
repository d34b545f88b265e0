import { describe, expect, test } from 'vitest';
import { resumeCommand } from '../../src/cli/run-send-batch.ts';

describe('the command line that resumes a batch', () => {
  test('has the index and the key', () => {
    expect(resumeCommand({ batch: '-', from: 7, idempotencyKey: 'k' })).toBe(
      'littoral send --batch - --from 7 --idempotencyKey k',
    );
  });

  test('repeats the other options', () => {
    expect(resumeCommand({ batch: 'a.ndjson', from: 0, idempotencyKey: 'k', failed: 'f', config: 'c.ts' })).toBe(
      'littoral send --batch a.ndjson --from 0 --idempotencyKey k --failed f --config c.ts',
    );
  });

  test.each([
    ['my file', "'my file'"],
    ["it's", "'it'\\''s'"],
    ['$(x);`y`', "'$(x);`y`'"],
    ['', "''"],
  ])('quotes %j for the shell', (batch, quoted) => {
    expect(resumeCommand({ batch, from: 1, idempotencyKey: 'k' })).toContain(`--batch ${quoted} --from`);
  });
});
