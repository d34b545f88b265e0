import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { littoral } from './littoral.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const key = 'a key of sixteen'.replaceAll(' ', '-');

describe('auth:hash', () => {
  test.each([key, `${key}\n`, `${key}\r\n`, `\ufeff${key}\r\n`])(
    'prints the SHA-256 of the key on standard input: %j',
    async (input) => {
      expect(await littoral(['auth:hash'], { input }).ended).toMatchObject({ code: 0, stdout: `${sha256(key)}\n` });
    },
  );

  test('creates a new key each time, and prints it with its SHA-256', async () => {
    const keys = await Promise.all([1, 2].map(() => littoral(['auth:hash', '--generate']).ended));
    const [one = [], other = []] = keys.map(({ stdout }) => stdout.split('\n'));
    expect(one).toEqual([expect.stringMatching(/^[\w-]{43}$/), sha256(`${one[0]}`), '']);
    expect(one[0]).not.toBe(other[0]);
  });

  test.each([
    ['too-short', 'fewer than 16 characters'],
    [`${key}é`, 'other characters than visible ASCII'],
    ['x'.repeat(100_000), 'longer than 16384 characters'],
  ])('refuses an invalid key without quoting it: %.12s', async (input, reason) => {
    const { code, stdout, stderr } = await littoral(['auth:hash'], { input }).ended;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain(input);
  });
});
