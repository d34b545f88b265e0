import { execFileSync } from 'node:child_process';
import { symlinkSync, truncateSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadConfigFile } from '../../src/config/file.ts';
import { importModule } from '../../src/config/import-module.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { readRegularFile } from '../../src/file/regular-file.ts';
import { caught } from '../caught.ts';
import { folderOf } from '../folder-of.ts';

function fifo(name = 'fifo'): string {
  const path = join(folderOf(), name);
  execFileSync('mkfifo', [path]);
  return path;
}

async function socket(): Promise<string> {
  const path = join(folderOf(), 'socket');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
  return path;
}

function linkTo(path: string): string {
  const link = join(folderOf(), 'link');
  symlinkSync(path, link);
  return link;
}

function huge(): string {
  const path = join(folderOf({ huge: '' }), 'huge');
  truncateSync(path, 2 ** 40);
  return path;
}

const noFiles: [string, () => string | Promise<string>, RegExp][] = [
  ['a FIFO without a writer', fifo, /' is a FIFO, not a regular file/],
  ['a link to a FIFO', () => linkTo(fifo()), /link' is a FIFO, not a regular file/],
  ['a device without an end', () => '/dev/zero', /'\/dev\/zero' is a device, not a regular file/],
  ['a folder', () => folderOf(), /' is a directory, not a regular file; name a file in it$/],
  ['a socket', socket, /' is a socket, not a regular file/],
  ['a file of a terabyte', huge, /huge' has 1099511627776 bytes; \d+ are allowed$/],
];

describe('a file that a setting names', () => {
  test('is read through links, as Kubernetes creates them', () => {
    expect(readRegularFile(linkTo(join(folderOf({ secret: 'text\n' }), 'secret')), 5)).toBe('text\n');
  });

  test.each(noFiles)('is refused at once when it is %s', async (_, make, message) => {
    const path = await make();
    expect(() => readRegularFile(path, 1_000)).toThrow(message);
    const settings = { service: 'shop', broker: { url: 'amqps://127.0.0.1', caFile: path } };
    const environment = { ADMIN_TOKEN_FILE: path };
    const error = await caught(() => resolveConfig(settings, environment));
    expect(error).toMatchObject({ message: expect.stringMatching(/ADMIN_TOKEN_FILE: '.*broker\.caFile: /s) });
  });

  test.each(['json', 'ts', 'mjs'])('is refused at once when it is a configuration in a FIFO: %s', async (extension) => {
    const error = await caught(() => loadConfigFile(fifo(`littoral.config.${extension}`)));
    expect(error).toMatchObject({ message: expect.stringContaining('is a FIFO, not a regular file') });
  });

  test('is refused at once when it is a module in a FIFO', async () => {
    await expect(importModule(fifo('handlers.mjs'))).rejects.toThrow('is a FIFO, not a regular file');
  });
});
