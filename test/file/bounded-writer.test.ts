import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BoundedWriter } from '../../src/file/bounded-writer.ts';
import { eventually } from '../broker/eventually.ts';
import { folderOf } from '../folder-of.ts';

/** A pipe whose reader reads on request of the test. */
function pipe() {
  const path = join(folderOf(), 'pipe');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(fd));
  let text = '';
  const read = () => {
    const buffer = Buffer.alloc(1_048_576);
    try {
      for (;;) text += buffer.toString('utf8', 0, readSync(fd, buffer));
    } catch {
      // The pipe is empty.
    }
    return text;
  };
  return { fd, read };
}

const linesOf = (text: string) => text.split('\n').slice(0, -1);
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `${index}`.padEnd(99, '.'));

describe('a bounded writer', () => {
  test('writes each line at once', () => {
    const { fd, read } = pipe();
    const writer = new BoundedWriter({ open: () => fd });
    writer.write('a\n');
    expect(read()).toBe('a\n');
    writer.write('ü\n');
    expect(read()).toBe('a\nü\n');
  });

  test('opens its file descriptor at the first write', () => {
    const writer = new BoundedWriter({ open: () => expect.unreachable('nothing was written') });
    writer.flush(1);
    expect(writer.dropped).toBe(0);
  });

  test('keeps lines in order while the reader hangs, and drops lines beyond the limit', async () => {
    const { fd, read } = pipe();
    const reported: number[] = [];
    const writer: BoundedWriter = new BoundedWriter({
      open: () => fd,
      maxBytes: 300_000,
      onRecovery(dropped) {
        reported.push(dropped);
        writer.write('recovered\n');
      },
    });
    const lines = numbered(5_000);
    for (const line of lines) writer.write(`${line}\n`);
    const dropped = writer.dropped;
    expect(dropped).toBeGreaterThan(1_000);
    expect(dropped).toBeLessThan(2_000);
    await eventually(() => expect(read()).toMatch(/recovered\n$/));
    expect(linesOf(read())).toEqual([...lines.slice(0, -dropped), 'recovered']);
    expect(reported).toEqual([dropped]);
    writer.write('next\n');
    expect(linesOf(read()).at(-1)).toBe('next');
    expect(writer.dropped).toBe(dropped);
  });

  test('completes a line that the pipe took in part, even if it is longer than the limit', async () => {
    const { fd, read } = pipe();
    const writer = new BoundedWriter({ open: () => fd, maxBytes: 1_000 });
    const long = 'x'.repeat(500_000);
    writer.write(`${long}\n`);
    writer.write('dropped\n');
    await eventually(() => expect(read()).toHaveLength(500_001));
    writer.write('next\n');
    expect(linesOf(read())).toEqual([long, 'next']);
  });

  test('loses no line of a burst that the reader takes in time', async () => {
    const { fd, read } = pipe();
    const writer = new BoundedWriter({ open: () => fd, maxBytes: 200_000 });
    const lines = numbered(20_000);
    for (const [index, line] of lines.entries()) {
      writer.write(`${line}\n`);
      if (index % 500 === 0) read();
    }
    await eventually(() => expect(linesOf(read())).toEqual(lines));
    expect(writer.dropped).toBe(0);
  });

  test('writes its buffer at the end, and stops if the reader takes nothing', () => {
    const { fd } = pipe();
    const stuck = new BoundedWriter({ open: () => fd });
    stuck.write('x'.repeat(100_000));
    stuck.flush(1);
    const folder = folderOf({ log: '' });
    let attempts = 0;
    const late = new BoundedWriter({
      open() {
        attempts += 1;
        if (attempts === 1) throw new Error('not yet');
        return openSync(join(folder, 'log'), 'a');
      },
    });
    late.write('a\n');
    late.write('b\n');
    late.flush(60_000);
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('a\nb\n');
  });

  test('does not throw when the disk is full', () => {
    const writer = new BoundedWriter({ open: () => openSync('/dev/full', 'w'), maxBytes: 8 });
    for (const line of ['12345\n', '123\n', '1\n']) writer.write(line);
    expect(writer.dropped).toBe(2);
  });
});
