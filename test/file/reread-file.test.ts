import fs, { unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RereadFile } from '../../src/file/reread-file.ts';
import { folderOf } from '../folder-of.ts';

function parse(text: string): string {
  if (text === 'bad') throw new Error('the text is bad');
  return text;
}

function rereading(text: string) {
  const path = join(folderOf({ secret: text }), 'secret');
  const errors: string[] = [];
  const onError = (error: unknown) => void errors.push((error as Error).message);
  const file = new RereadFile(path, { parse, onError, checkEveryMs: 0 });
  return { path, file, errors };
}

/** Replaces the function for all modules. */
function replaceOpen(open: typeof fs.openSync): void {
  fs.openSync = open;
  syncBuiltinESMExports();
}

describe('a file that is read again', () => {
  test('has its new content, even if the size and the time are the same', () => {
    const { path, file, errors } = rereading('one');
    utimesSync(path, 1, 1);
    expect(file.current()).toBe('one');
    writeFileSync(path, 'two');
    utimesSync(path, 1, 1);
    expect(file.current()).toBe('two');
    expect(errors).toEqual([]);
  });

  test('is read again after an error of the system, even if it has not changed since', () => {
    const { path, file, errors } = rereading('one');
    writeFileSync(path, 'two');
    const { openSync } = fs;
    onTestFinished(() => replaceOpen(openSync));
    replaceOpen(() => {
      throw new Error('EMFILE: too many open files');
    });
    expect(file.current()).toBe('one');
    replaceOpen(openSync);
    expect(file.current()).toBe('two');
    expect(errors).toEqual(['EMFILE: too many open files']);
  });

  test('reports each reason once, and again after a valid content', () => {
    const { path, file, errors } = rereading('one');
    unlinkSync(path);
    expect([file.current(), file.current()]).toEqual(['one', 'one']);
    expect(errors).toEqual([expect.stringContaining('ENOENT')]);
    writeFileSync(path, 'bad');
    expect([file.current(), file.current()]).toEqual(['one', 'one']);
    expect(errors.slice(1)).toEqual(['the text is bad']);
    writeFileSync(path, 'two');
    expect(file.current()).toBe('two');
    unlinkSync(path);
    expect(file.current()).toBe('two');
    expect(errors.slice(2)).toEqual([expect.stringContaining('ENOENT')]);
  });
});

describe('a file that may be empty', () => {
  function emptied(text: string) {
    const path = join(folderOf({ secret: text }), 'secret');
    const events: string[] = [];
    const file = new RereadFile(path, {
      parse: (content) => content,
      isEmpty: (content) => content === '',
      onEmpty: () => void events.push('empty'),
      onError: () => void events.push('error'),
      checkEveryMs: 0,
    });
    return { path, file, events };
  }

  test('keeps its content while a program writes it in two steps', () => {
    const { path, file, events } = emptied('one');
    writeFileSync(path, '');
    expect(file.current()).toBe('one');
    writeFileSync(path, 'two');
    expect(file.current()).toBe('two');
    expect(events).toEqual([]);
  });

  test('loses its content when it stays empty, and can get a new one later', () => {
    const { path, file, events } = emptied('one');
    writeFileSync(path, '');
    expect([file.current(), file.current(), file.current()]).toEqual(['one', '', '']);
    expect(events).toEqual(['empty']);
    writeFileSync(path, 'two');
    expect(file.current()).toBe('two');
  });

  test('loses its content at the first check if that comes later', () => {
    const { path, file } = emptied('one');
    writeFileSync(path, '');
    utimesSync(path, 1, 1);
    expect(file.current()).toBe('');
  });

  test('may be empty at the start, and keeps its content when it is deleted', () => {
    const { path, file, events } = emptied('');
    expect(events).toEqual(['empty']);
    writeFileSync(path, 'one');
    expect(file.current()).toBe('one');
    unlinkSync(path);
    expect([file.current(), file.current()]).toEqual(['one', 'one']);
    expect(events).toEqual(['empty', 'error']);
  });
});
