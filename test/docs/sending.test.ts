import { describe, expect, test } from 'vitest';
import { defaults } from '../../src/config/defaults.ts';
import { entryFields } from '../../src/http/entries/entry-fields.ts';
import { maxUnwritten } from '../../src/http/stream/entry-stream.ts';
import { portOf } from '../http/exchange.ts';
import { openGateway, openQueue, post } from '../http/gateway-fixture.ts';
import { openStream } from '../http/stream/stream-client.ts';
import { isOnPath } from '../is-on-path.ts';
import { spawnProcess } from '../spawn-process.ts';
import { blocksOf, readPage } from './page-code.ts';

const page = readPage('docs/sending.md');

/** The blocks of a language, as text. */
function blocks(language: string): string[] {
  return blocksOf(page)
    .filter((block) => block.language === language)
    .map(({ lines }) => lines.join('\n'));
}

function sectionOf(title: string): string {
  return page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
}

/** The names in the first cells of the rows of a section. */
function namesIn(section: string): string[] {
  const cells = section.split('\n').filter((line) => line.startsWith('| `'));
  return cells.flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name));
}

describe('the page about sending', () => {
  test('lists every field of an entry', () => {
    expect(namesIn(sectionOf('An entry')).toSorted()).toEqual([...entryFields].sort());
  });

  test('shows an entry that can be sent', async () => {
    const gateway = await openGateway();
    const arrived = openQueue(gateway, 'billing');
    const entry = JSON.parse(blocks('json')[0] ?? '');
    const answer = await post(gateway, {
      url: '/batch',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ entries: [entry] }),
    });
    expect(answer.statusCode).toBe(202);
    expect(arrived()[0]?.headers).toMatchObject(entry.headers);
  });

  test('has the limits of the configuration', () => {
    const { bodyLimit, batchBodyLimit, batchMaxEntries, maxStreams } = defaults.http;
    expect(page).toContain(`\`http.bodyLimit\` (${bodyLimit / 2 ** 20} MiB)`);
    expect(page).toContain(`\`http.batchBodyLimit\` (${batchBodyLimit / 2 ** 20} MiB)`);
    expect(page).toContain(`\`http.batchMaxEntries\` (${batchMaxEntries.toLocaleString('en')})`);
    expect(page).toContain(`\`http.maxStreams\` (${maxStreams})`);
    expect(page).toContain(`while ${maxUnwritten} results are not known or not read`);
  });

  test('lists the notices of a stream, and the fields of the last one', async () => {
    expect(namesIn(sectionOf('Streams')).slice(1)).toEqual(['held', 'resumed', 'alive', 'end']);
    const stream = await openStream(await openGateway());
    const { notice, ...last } = await stream.end();
    expect(notice).toBe('end');
    for (const field of Object.keys(last)) expect(sectionOf('Streams')).toContain(`\`${field}\``);
  });

  const commands = blocks('sh').filter((text) => text.includes('curl'));

  test.skipIf(!isOnPath('curl')).each(commands)('has a command that works: %s', async (command) => {
    const gateway = await openGateway();
    const arrived = openQueue(gateway, 'orders', ['order.#']);
    const line = command.replace('127.0.0.1:3000', `127.0.0.1:${await portOf(gateway)}`).replace('sleep 1', ':');
    const { code, stdout } = await spawnProcess('bash', ['-c', line]).ended;
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('"status":202') });
    expect(arrived()).toHaveLength(2);
  });
});
