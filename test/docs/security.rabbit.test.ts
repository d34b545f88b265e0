import { defineCommandHandler } from 'littoral';
import { expect, onTestFinished, test } from 'vitest';
import { createRestrictedUser } from '../broker/restricted-user.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { post, runGateway, untilReady } from '../flow/gateway-fixture.ts';
import { readPage } from './page-code.ts';

const vhost = useVhost();

test('the topic permissions of docs/security.md permit the events and commands that the page says', async () => {
  const line = /set_topic_permissions -p \/ web ecotone\.distributed '([^']*)'/.exec(readPage('docs/security.md'));
  const user = await createRestrictedUser(vhost);
  onTestFinished(() => user.close());
  await user.mayWriteKeys(line?.[1] as string);
  for (const service of ['billing', 'stock']) {
    const handlers = [defineCommandHandler({ routingKey: 'take', distributed: true, handle() {} })];
    await untilReady(await runGateway({ service, broker: { url: vhost.url }, handlers }));
  }
  const web = await runGateway({ service: 'web', broker: { url: user.url } });
  await untilReady(web);
  const statuses: Record<string, number> = {};
  for (const path of [
    '/events/order.placed',
    '/events/stock.taken',
    '/commands/billing/take',
    '/commands/stock/take',
  ]) {
    statuses[path] = (await post(web, path, {})).status;
  }
  expect(statuses).toEqual({
    '/events/order.placed': 202,
    '/events/stock.taken': 403,
    '/commands/billing/take': 202,
    '/commands/stock/take': 403,
  });
});
