import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { useVhost } from '../broker/use-vhost.ts';
import { waitingMessages } from '../engine/amqp/amqp-harness.ts';
import { folderOf } from '../folder-of.ts';
import { billing } from './billing.ts';

const vhost = useVhost();

afterEach(() => billing(vhost).empty());

const command = (n: number) =>
  JSON.stringify({ kind: 'command', destination: 'billing', routingKey: 'work', payload: n });

async function arrived() {
  const messages = await waitingMessages(vhost.url, 'distributed_billing');
  return messages.map(({ body }) => Number(Buffer.from(body).toString()));
}

describe('littoral send --batch', () => {
  test('sends the entries of a file in order, and prints what has become of them', async () => {
    const service = billing(vhost);
    await service.fill();
    const count = 300;
    const lines = Array.from({ length: count }, (_, n) => command(n));
    const folder = folderOf({ 'all.ndjson': `\ufeff${lines.join('\r\n')}` });
    const { code, stdout, stderr } = await service.littoral('send', '--batch', join(folder, 'all.ndjson')).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ next: count, accepted: count, failed: 0, channel: 'rabbitmq' });
    expect(await arrived()).toEqual(Array.from({ length: count }, (_, n) => n));
  });

  test('writes the entries that failed to a file, which can be sent again', async () => {
    const service = billing(vhost);
    await service.fill();
    const wrong = ['{"kind":"command"', '{"kind":"command","destination":"nowhere","routingKey":"work"}'];
    const folder = folderOf({ 'all.ndjson': [command(0), wrong[0], '', command(2), wrong[1]].join('\n') });
    const file = join(folder, 'all.ndjson');
    const { code, stdout, stderr } = await service.littoral('send', '--batch', file).ended;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ next: 4, accepted: 2, failed: 2 });
    expect(stderr).toContain('malformed-body');
    expect(stderr).toContain('destination-not-found');
    expect(readFileSync(`${file}.failed`, 'utf8')).toBe(`${wrong.join('\n')}\n`);
    expect(await arrived()).toEqual([0, 2]);
  });

  test('prints its outcome although the file of failed entries cannot be written', async () => {
    const service = billing(vhost);
    await service.fill();
    const folder = folderOf({ 'all.ndjson': [command(0), '{"kind":"command"', command(2)].join('\n') });
    const failed = ['--failed', join(folder, 'nowhere', 'failed.ndjson')];
    const { code, stdout, stderr } = await service.littoral('send', '--batch', join(folder, 'all.ndjson'), ...failed)
      .ended;
    expect({ code, out: JSON.parse(stdout) }).toMatchObject({ code: 1, out: { next: 3, accepted: 2, failed: 1 } });
    expect(stderr).toMatch(/^1: .*malformed-body/);
    expect(stderr).toContain('1 entry failed. The file of failed entries cannot be written: ENOENT');
    expect(stderr).toMatch(/To send all entries again with the same ids: littoral send --batch .* --idempotencyKey /);
    expect(await arrived()).toEqual([0, 2]);
  });

  test('keeps the failed entries of an earlier run, and names the file of the next one', async () => {
    const service = billing(vhost);
    await service.fill();
    const folder = folderOf({});
    const [file, failed] = [join(folder, 'all.ndjson'), join(folder, 'all.ndjson.failed')];
    const names = [failed, join(folder, 'all.ndjson.2.failed'), join(folder, 'all.ndjson.3.failed')];
    for (const [run, name] of names.entries()) {
      writeFileSync(file, `{"run":${run}}`);
      const { code, stderr } = await service.littoral('send', '--batch', file).ended;
      expect(code).toBe(1);
      const kept = run === 0 ? '' : `; ${failed} existed already, and is unchanged`;
      expect(stderr).toContain(`1 entry failed. See ${name}${kept}.\n`);
    }
    expect(names.map((name) => readFileSync(name, 'utf8'))).toEqual([0, 1, 2].map((run) => `{"run":${run}}\n`));
  });

  test('keeps the failed entries of an earlier batch of standard input', async () => {
    const service = billing(vhost);
    await service.fill();
    for (const name of ['batch.failed.ndjson', 'batch.failed.2.ndjson']) {
      const { stderr } = await service.littoralReading(`{"of":"${name}"}`, 'send', '--batch', '-').ended;
      expect(stderr).toContain(`See ${name}`);
    }
    const read = (name: string) => readFileSync(join(service.cwd, name), 'utf8');
    expect(read('batch.failed.ndjson')).toBe('{"of":"batch.failed.ndjson"}\n');
    expect(read('batch.failed.2.ndjson')).toBe('{"of":"batch.failed.2.ndjson"}\n');
  });

  test('refuses a file of --failed that has entries, unless it resumes', async () => {
    const service = billing(vhost);
    await service.fill();
    const folder = folderOf({ 'all.ndjson': [command(0), '{"run":2}'].join('\n'), failed: '{"run":1}\n' });
    const [file, failed] = [join(folder, 'all.ndjson'), join(folder, 'failed')];
    const args = ['send', '--batch', file, '--failed', failed];
    const { code, stdout, stderr } = await service.littoral(...args).ended;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`Nothing was sent: the file of failed entries, ${failed}, exists.`);
    expect(await arrived()).toEqual([]);
    for (const from of ['1', '0']) expect((await service.littoral(...args, '--from', from).ended).code).toBe(1);
    expect(readFileSync(failed, 'utf8')).toBe('{"run":1}\n{"run":2}\n{"run":2}\n');
  });

  test('refuses to write the failed entries over the batch', async () => {
    const service = billing(vhost);
    await service.fill();
    const text = [command(0), '{"kind":"command"'].join('\n');
    const file = join(folderOf({ 'all.ndjson': text }), 'all.ndjson');
    const { code, stdout, stderr } = await service.littoral('send', '--batch', file, '--failed', file).ended;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Nothing was sent: the failed entries would be written into the batch');
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(await arrived()).toEqual([]);
  });

  test('resumes from an index, with the same ids', async () => {
    const service = billing(vhost);
    await service.fill();
    const input = [0, 1, 2].map(command).join('\n');
    const key = ['--idempotencyKey', 'import-7'];
    await service.littoralReading(input, 'send', '--batch', '-', ...key).ended;
    const { code, stdout } = await service.littoralReading(input, 'send', '--batch', '-', '--from', '1', ...key).ended;
    expect({ code, out: JSON.parse(stdout) }).toMatchObject({ code: 0, out: { next: 3, accepted: 2 } });
    const messages = await waitingMessages(vhost.url, 'distributed_billing');
    const ids = messages.map(({ headers }) => headers.id);
    expect(ids.slice(3)).toEqual(ids.slice(1, 3));
  });

  test('refuses an index behind the end', async () => {
    const service = billing(vhost);
    await service.fill();
    const input = [0, 1].map(command).join('\n');
    const file = join(folderOf({ 'all.ndjson': input }), 'all.ndjson');
    for (const batch of [file, '-']) {
      const { code, stdout, stderr } = await service.littoralReading(input, 'send', '--batch', batch, '--from', '3')
        .ended;
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(`${batch === '-' ? 'standard input' : `the file ${file}`} has 2 entries`);
    }
    // The command line that resumes after the last entry.
    const { code, stdout } = await service.littoral('send', '--batch', file, '--from', '2').ended;
    expect({ code, out: JSON.parse(stdout) }).toMatchObject({ code: 0, out: { next: 2, accepted: 0 } });
  });

  test.each([
    [['send', '--batch', '-', 'billing'], '--batch takes no arguments'],
    [['send', '--batch', '-', '--priority', '3'], '--priority cannot be used with --batch'],
    [['send', 'billing', 'work', '--from', '1'], 'need --batch'],
    [['send', 'billing'], "missing required argument 'routingKey'"],
    [['send'], "missing required argument 'destination'"],
  ])('refuses %j', async (args, text) => {
    const { code, stderr } = await billing(vhost).littoral(...args).ended;
    expect(code).toBe(2);
    expect(stderr).toContain(text);
  });
});
