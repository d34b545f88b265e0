import { defineCommandHandler, header, reference } from 'littoral';
import { expect, test } from 'vitest';
import { eventually } from '../broker/eventually.ts';
import { useVhost } from '../broker/use-vhost.ts';
import { bearer, keyOf, keysOf } from '../http/auth/callers.ts';
import { post, runGateway, untilReady } from './gateway-fixture.ts';

const vhost = useVhost();

test('the name of the caller reaches handlers in other services, and the messages that they send', async () => {
  const broker = { url: vhost.url };
  const seen: unknown[] = [];
  const take = defineCommandHandler({
    ...{ routingKey: 'take', distributed: true, parameters: [header('executorId')] },
    handle: (executorId: unknown) => void seen.push(executorId),
  });
  const stock = await runGateway({ service: 'stock', broker, handlers: [take] });
  const billing = await runGateway({
    ...{ service: 'billing', broker },
    handlers: [
      defineCommandHandler({
        ...{ routingKey: 'change', distributed: true },
        parameters: { executorId: header('executorId'), distributedBus: reference() },
        async handle({ executorId, distributedBus }) {
          seen.push(executorId);
          await distributedBus.convertAndSendCommand('stock', 'take', 1);
        },
      }),
    ],
  });
  const auth = { header: 'executorId', keys: keysOf({ web: ['command:billing/*'] }) };
  const shop = await runGateway({ service: 'shop', broker, auth });
  for (const gateway of [stock, billing, shop]) await untilReady(gateway);
  expect((await post(shop, '/commands/billing/change', 1, bearer(keyOf('web')))).status).toBe(202);
  await eventually(() => expect(seen).toEqual(['web', 'web']));
});
