import { renameSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FileWatch } from '../../src/file/file-watch.ts';
import { eventually } from '../broker/eventually.ts';
import { folderOf } from '../folder-of.ts';

function watching(paths: readonly string[]) {
  const watch = new FileWatch({ paths: () => paths, intervalMs: 5 });
  onTestFinished(() => watch.close());
  let changes = 0;
  watch.start(() => {
    changes += 1;
  });
  return { watch, changed: (times: number) => eventually(() => expect(changes).toBe(times)) };
}

describe('a watch of files', () => {
  test('reports a change, a removal and a new file, each once', async () => {
    const path = join(folderOf({ a: '1' }), 'a');
    const { changed } = watching([path]);
    writeFileSync(path, '2');
    await changed(1);
    unlinkSync(path);
    await changed(2);
    writeFileSync(path, '2');
    await changed(3);
  });

  test('reports a file of the same size and time', async () => {
    const path = join(folderOf({ a: '1' }), 'a');
    utimesSync(path, 1, 1);
    const { changed } = watching([path]);
    writeFileSync(path, '2');
    utimesSync(path, 1, 1);
    await changed(1);
  });

  test('reports a link above the file that leads elsewhere', async () => {
    const folder = folderOf();
    symlinkSync(folderOf({ a: '1' }), join(folder, 'data'));
    const { changed } = watching([join(folder, 'data', 'a')]);
    symlinkSync(folderOf({ a: '1' }), join(folder, 'next'));
    renameSync(join(folder, 'next'), join(folder, 'data'));
    await changed(1);
  });

  test('reports a change between its creation and its start', async () => {
    const path = join(folderOf({ a: '1' }), 'a');
    const watch = new FileWatch({ paths: () => [path], intervalMs: 5 });
    onTestFinished(() => watch.close());
    writeFileSync(path, '22');
    await new Promise<void>((resolve) => watch.start(resolve));
  });

  test('reports nothing that was noted', async () => {
    const [one, two] = [join(folderOf({ a: '1' }), 'a'), join(folderOf({ a: '1' }), 'a')] as const;
    const { watch, changed } = watching([one, two]);
    writeFileSync(one, '22');
    watch.note();
    writeFileSync(two, '22');
    await changed(1);
  });
});
