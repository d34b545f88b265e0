import { readFileSync } from 'node:fs';

/** A page of the documentation, as a project. */
export interface PageCode {
  /** The files that a reader would write. Each line stands where it stands on the page. */
  readonly files: Readonly<Record<string, string>>;
  /** The program of the page, where every result that it shows is compared with what comes. */
  readonly checked: string;
}

/** A fenced block of a page. */
export interface Block {
  /** The file that it is, as a comment above it says. */
  readonly file: string | undefined;
  readonly language: string;
  readonly lines: readonly string[];
  /** Of its first line, from 1. */
  readonly line: number;
}

/** The file of the blocks that are no files of their own: they continue each other. */
export const program = 'page.ts';

export function readPage(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

export function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^(?:<!-- (\S+) -->\n)?```(\w*)\n(.*?)^```$/gms)].map((found) => {
    const [whole, file, language = '', text = ''] = found;
    const before = page.slice(0, found.index + whole.indexOf('\n', whole.indexOf('```')) + 1);
    return { file, language, lines: text.split('\n').slice(0, -1), line: before.split('\n').length };
  });
}

/**
 * Makes a project of the TypeScript of a page.
 *
 * A block below `<!-- file.ts -->` is that file, and one that exports something is a file as well; the others are one
 * program. In it `expression; // → value` shows a
 * result, and `expression; // throws part of the message` an error; `// throws` alone, that the block of text below it
 * is the whole message. A statement begins at the left edge.
 */
export function pageCode(page: string): PageCode {
  const blocks = blocksOf(page);
  const files = new Map<string, string[]>();
  const checked: string[] = [];
  blocks.forEach(({ file: named, language, lines, line }, index) => {
    if (language !== 'ts') return;
    const file = named ?? (lines.some((text) => text.startsWith('export ')) ? `line-${line}.ts` : program);
    place(files, file, lines, line);
    if (file !== program) return;
    const message = blocks[index + 1]?.language === 'text' ? blocks[index + 1]?.lines.join('\n') : undefined;
    compareResults(lines, line, message).forEach((text, offset) => {
      checked[line - 1 + offset] = text;
    });
  });
  const text = (lines: readonly string[]) => `${Array.from(lines, (line) => line ?? '').join('\n')}\n`;
  return {
    files: Object.fromEntries([...files].map(([name, lines]) => [name, text(lines)])),
    checked: text(checked),
  };
}

function place(files: Map<string, string[]>, file: string, lines: readonly string[], line: number): void {
  const content = files.get(file) ?? [];
  lines.forEach((text, offset) => {
    content[line - 1 + offset] = text;
  });
  files.set(file, content);
}

/** The same lines, in which `shows(…)` and `throws(…)` of `results.ts` stand around what the page says of results. */
function compareResults(lines: readonly string[], line: number, message: string | undefined): string[] {
  const all = [...lines];
  lines.forEach((text, at) => {
    const [, before, kind, expected = ''] = /^(.*)\/\/ (→|throws)(?: (.*))?$/.exec(text) ?? [];
    if (before === undefined) return;
    // A result that is too long for the line stands below it.
    const last = before === '' ? at - 1 : at;
    const code = (before === '' ? (lines[last] as string) : before).trimEnd().replace(/;$/, '');
    all[at] = '';
    all[last] = code;
    let first = last;
    while (/^[\s)}\]]/.test(all[first] as string)) first--;
    const declared = /^const (\w+)/.exec(all[first] as string)?.[1];
    const call = `await ${kind === '→' ? 'shows' : 'throws'}(${line + at}, async () => `;
    const whole = expected === '' ? { message: message ?? missing(line + at) } : undefined;
    const check = kind === '→' ? `() => (${expected})` : JSON.stringify(whole ?? expected);
    if (declared === undefined) {
      all[first] = `${call}(${all[first]}`;
      all[last] += `), ${check});`;
    } else all[last] += `; ${call}${declared}, ${check});`;
  });
  return all;
}

function missing(line: number): never {
  throw new Error(`line ${line} says that it throws; neither it nor a block of text below it says what`);
}
