import { describe, expect, test } from 'vitest';
import { canBacktrack, widthsIn } from '../../src/expression/date-picture.ts';
import { caught } from '../caught.ts';
import { evaluate } from './evaluate.ts';

describe('a picture of a date', () => {
  test.each([
    ['[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01]Z', '2026-02-03T04:05:06Z'],
    ['[Y0001][M01][D01]', '20260203'],
    ['[D1o] [MNn] [Y]', '3rd February 2026'],
    ['[FNn], [D]. [MNn,3-3] [Y0001] [H01]:[m01] [Z]', 'Tuesday, 3. Feb 2026 04:05 +0100'],
    ['[MNn]', 'a'.repeat(5_000)],
    ['[MNn], [D] [Y]', 'a'.repeat(5_000)],
  ])('is read without a time limit: %s', (picture, text) => {
    expect(canBacktrack(picture, text)).toBe(false);
  });

  test.each([
    ['[MNn][FNn][PN]', 'a'.repeat(1_500)],
    ['[MNn]x[FNn]', 'a'.repeat(1_500)],
    ['[MI][DI][YI]', 'I'.repeat(1_500)],
    ['[Yw]-[Dw], [D]', 'one-'.repeat(400)],
    ['[f]'.repeat(30), '1'.repeat(32)],
  ])('is read within a time limit: %s', (picture, text) => {
    expect(canBacktrack(picture, text)).toBe(true);
  });

  test.each([
    ['[Y0001]-[M01]-[D01]', 0],
    ['[MNn,*-3] 20260203 [Y,2-4]', 9],
    ['[Y, 1 0 - 2 0][D,5]', 35],
  ])('has the widths that it asks for: %s', (picture, widths) => {
    expect(widthsIn(picture)).toBe(widths);
  });

  test.each([
    ['$toMillis(payload.text, payload.picture)', '[MNn][FNn][PN][MNn][FNn][PN]', 'longer than 80 ms'],
    ['$fromMillis(0, payload.picture)', '[Y,1-99999999]', 'no widths of more than 5000 characters in all'],
    ['$fromMillis(0, payload.picture)', '[D,4999][D,4999]', 'no widths of more than 5000 characters in all'],
    ['$now(payload.picture)', '[D,9 9 9 9 9 9 9]', 'no widths of more than 5000 characters in all'],
  ])('is refused where its time or its result has no bound: %s, %s', async (text, picture, reason) => {
    const payload = { picture, text: `${'a'.repeat(200)}!` };
    const error = await caught(() => evaluate(text, { payload }, { limits: { timeoutMs: 60_000 } }));
    expect(error.message).toContain(reason);
  });

  test('gives what it gives in JSONata', async () => {
    const picture = '[MNn][FNn][PN]';
    for (const text of [`${'a'.repeat(60)}!`, '2026']) {
      expect(
        await evaluate('$toMillis(payload.text, payload.picture)', { payload: { picture, text } }),
      ).toBeUndefined();
    }
    expect(await evaluate('$toMillis("2026-2", "[Y]-[M]")', {})).toBe(Date.UTC(2026, 1));
    expect(await evaluate('$fromMillis(0, "[Y,6-6]")', {})).toBe('001970');
  });
});
