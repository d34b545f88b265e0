import { describe, expect, test } from 'vitest';
import { pageCode } from './page-code.ts';

const fence = '```';
const page = (...lines: string[]) => ['# Title', '', ...lines, ''].join('\n');

describe('the code of a page', () => {
  test('is one program, whose lines stand where they stand on the page', () => {
    const code = pageCode(page(`${fence}ts`, 'const a = 1;', fence, 'text', `${fence}ts`, 'a.toFixed();', fence));
    expect(code.files).toEqual({ 'page.ts': '\n\n\nconst a = 1;\n\n\n\na.toFixed();\n' });
    expect(code.checked).toBe(code.files['page.ts']);
  });

  test('has files of their own in blocks that export something', () => {
    const code = pageCode(page(`${fence}ts`, 'export {};', fence, `${fence}ts`, 'export default 1;', fence));
    expect(code.files).toEqual({ 'line-4.ts': '\n\n\nexport {};\n', 'line-7.ts': '\n\n\n\n\n\nexport default 1;\n' });
  });

  test('has files of its own where a comment names them, and no block of another language', () => {
    const code = pageCode(page('<!-- other.ts -->', `${fence}ts`, 'export {};', fence, `${fence}sh`, 'npm ci', fence));
    expect(code.files).toEqual({ 'other.ts': '\n\n\n\nexport {};\n' });
  });
});

describe('a result that a page shows', () => {
  const checked = (...lines: string[]) => pageCode(page(`${fence}ts`, ...lines)).checked.trim();
  const shown = (...lines: string[]) => checked(...lines, fence);

  test('is compared', () => {
    expect(shown('f(1); // → 2')).toBe('await shows(4, async () => (f(1)), () => (2));');
  });

  test('is that of a statement of several lines', () => {
    expect(shown('f({', '  a: 1,', '}); // → { b: 2 }')).toBe(
      'await shows(6, async () => (f({\n  a: 1,\n})), () => ({ b: 2 }));',
    );
  });

  test('is that of a constant, which stays one', () => {
    expect(shown('const a = f(1); // → 2')).toBe('const a = f(1); await shows(4, async () => a, () => (2));');
  });

  test('stands below a line that is full', () => {
    expect(shown('f(1);', '// → 2')).toBe('await shows(5, async () => (f(1)), () => (2));');
  });

  test('can be an error, by a part of its message', () => {
    expect(shown("f(); // throws it's wrong")).toBe('await throws(4, async () => (f()), "it\'s wrong");');
  });

  test('can be an error whose whole message is the text below', () => {
    expect(checked('f(); // throws', fence, '', `${fence}text`, 'wrong:', '- all', fence)).toBe(
      'await throws(4, async () => (f()), {"message":"wrong:\\n- all"});',
    );
  });

  test('cannot be an error without a text', () => {
    expect(() => shown('f(); // throws')).toThrow('line 4');
  });
});
