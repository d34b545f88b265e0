import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { HttpClient } from '../../src/delivery/http-client.ts';
import { trustedCertificates } from '../../src/delivery/trusted-certificates.ts';
import { eventually } from '../broker/eventually.ts';
import { certificate } from '../certificates.ts';
import { folderOf } from '../folder-of.ts';

test('changed certificates are trusted for new connections', async () => {
  const [own, other] = await Promise.all([certificate('localhost'), certificate('localhost')]);
  const server = createServer(own, (_request, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  onTestFinished(() => void server.close());
  const caFile = join(folderOf({ ca: other.cert }), 'ca');
  const lines: { reason: string }[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const origin = new URL(`https://localhost:${(server.address() as AddressInfo).port}`);
  const ca = trustedCertificates(caFile, logger);
  const client = new HttpClient(origin, { connections: 1, connectTimeoutMs: 5_000, ca });
  onTestFinished(() => client.close());
  const isTrusted = () =>
    client.connect().then(
      () => true,
      () => false,
    );
  expect(await isTrusted()).toBe(false);
  writeFileSync(caFile, own.cert);
  await eventually(async () => expect(await isTrusted()).toBe(true));
  writeFileSync(caFile, own.cert.slice(0, 100));
  await eventually(async () => {
    expect(await isTrusted()).toBe(true);
    expect(lines.map(({ reason }) => reason)).toEqual([expect.stringContaining('the file is cut off')]);
  });
  writeFileSync(caFile, other.cert);
  await eventually(async () => expect(await isTrusted()).toBe(false));
});
