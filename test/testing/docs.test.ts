import { readFileSync } from 'node:fs';
import { asValue } from 'awilix';
import { startTestGateway } from 'littoral/testing';
import { expect, test } from 'vitest';
import config from './littoral.config.ts';

test('announces changed billing details to other services', async () => {
  await using billing = await startTestGateway(config);
  await billing.sendCommand('billing.changeDetails', { personId: '1' }, { executorId: '7' });
  expect(billing.published).toMatchObject([
    { routingKey: 'billing.detailsWereChanged', payload: { personId: '1' }, headers: { executorId: '7' } },
  ]);
});

test('what fails is the error of the test', async () => {
  await using billing = await startTestGateway(config);
  await expect(billing.sendCommand('billing.close', { personId: 'unknown' })).rejects.toThrow('no such person');
  await expect(billing.sendCommand('billing.close', {})).rejects.toMatchObject({ code: 'payload-refused' });
});

test('a payload can be of any media type', async () => {
  await using billing = await startTestGateway(config);
  const close = '<close><personId>1</personId></close>';
  await billing.sendCommand('billing.close', close, {}, { mediaType: 'application/xml' });
  expect(billing.handled).toMatchObject([{ endpointId: 'billing.close', payload: { personId: '1' } }]);
});

test('services and configuration variables are replaced', async () => {
  const notified: string[] = [];
  const notifier = { notify: (personId: string) => notified.push(personId) };
  await using billing = await startTestGateway(config, {
    container: (container) => container.register({ notifier: asValue(notifier) }),
    configuration: { isDevelopmentMode: true },
  });
  await billing.sendCommand('billing.changeDetails', { personId: '1' });
  expect(notified).toEqual(['1']);
  expect(billing.config.configuration).toEqual({ isDevelopmentMode: true });
});

test('time is advanced', async () => {
  let addPaper = () => {};
  const paper = new Promise<void>((resolve) => {
    addPaper = resolve;
  });
  const printer = { print: () => paper };
  await using billing = await startTestGateway(
    { ...config, concurrency: 1 },
    { container: (container) => container.register({ printer: asValue(printer) }) },
  );
  const first = billing.sendCommand('billing.print', { page: 1 });
  const second = billing.sendCommand('billing.print', { page: 2 }, {}, { timeToLive: 10_000 });
  await billing.advanceTime(10_000);
  expect(billing.deadLetters).toMatchObject([{ payload: { page: 2 } }]);
  addPaper();
  await Promise.all([first, second]);
});

test('every line of code on the page is run here', () => {
  const withoutIndentation = (text: string) => text.replace(/^ +/gm, '');
  const page = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block]) => withoutIndentation(block as string));
  expect(blocks.length).toBeGreaterThan(3);
  const here = withoutIndentation(readFileSync(new URL(import.meta.url), 'utf8'));
  for (const block of blocks) expect(here).toContain(block);
});
