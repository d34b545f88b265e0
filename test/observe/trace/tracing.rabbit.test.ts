import { SpanKind } from '@opentelemetry/api';
import { connect } from 'amqplib';
import { type DistributedBus, defineCommandHandler, defineEventHandler, reference } from 'littoral';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../broker/eventually.ts';
import { useVhost } from '../../broker/use-vhost.ts';
import { answering, startApplication } from '../../delivery/application-fixture.ts';
import { post, runGateway, untilReady } from '../../flow/gateway-fixture.ts';
import { captured } from '../../wire/captured-message.ts';
import { publishCaptured } from '../../wire/publish-captured.ts';
import { idOf, recordSpans, traceIdsOf } from './recorded-spans.ts';

const vhost = useVhost();
const spans = recordSpans();

const place = defineCommandHandler({
  routingKey: 'place',
  distributed: true,
  parameters: [reference('distributedBus')],
  handle: (bus: DistributedBus) => bus.publishEvent('order.placed', 'x'),
});

const onBus = 'ecotone.distributed';

test('one trace continues through RabbitMQ from a request to a replay and to an application', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const callerSpan = 'b7ad6b7169203331';
  let failures = 2;
  const onPlaced = defineEventHandler({
    routingKey: 'order.placed',
    distributed: true,
    handle() {
      failures -= 1;
      if (failures >= 0) throw new RangeError('of the handler');
    },
  });
  const broker = { url: vhost.url };
  const application = await startApplication(answering(204));
  const pushing = { url: application.url, events: ['order.placed'] };
  const billing = await runGateway({ service: 'billing', broker, application: pushing });
  const retries = { maxAttempts: 1, initialDelayMs: 1 };
  const shop = await runGateway({ service: 'shop', broker, handlers: [place, onPlaced], retries });
  await Promise.all([billing, shop].map(untilReady));
  await post(shop, '/commands/shop/place', {}, { traceparent: `00-${traceId}-${callerSpan}-01` });

  const inShop = `process ${onBus}:order.placed:distributed_shop`;
  const [dead] = await spans.untilEnded('send distributed_shop_dead_letter');
  await eventually(async () => {
    const page = (await (await fetch(`${shop.address}/dead-letters`)).json()) as { items: { id: string }[] };
    expect(page.items).toHaveLength(1);
    const answer = await fetch(`${shop.address}/dead-letters/${page.items[0]?.id}/replay`, { method: 'POST' });
    expect(answer.status).toBe(202);
  });
  const handlings = () => spans.all().filter(({ attributes }) => attributes['littoral.outcome'] !== undefined);
  const outcomes = (kind: SpanKind) =>
    handlings()
      .filter((span) => span.kind === kind && span.attributes['littoral.routing_key'] === 'order.placed')
      .map(({ attributes }) => attributes['littoral.outcome'])
      .toSorted();
  // The spans of the shop, and the span of the application.
  const expected = ['dead letter', 'handled', 'handled', 'retried later'];
  await eventually(() => expect(outcomes(SpanKind.CLIENT)).toEqual(expected));
  expect(outcomes(SpanKind.CONSUMER)).toEqual(expected);

  expect(traceIdsOf(spans.all())).toEqual([traceId]);
  const [sent] = spans.named(`send ${onBus}:shop`);
  const [placed] = spans.named(`process ${onBus}:shop:distributed_shop`);
  const [published] = spans.named(`send ${onBus}:order.placed`);
  expect(sent?.parentSpanContext?.spanId).toBe(callerSpan);
  expect(placed?.parentSpanContext?.spanId).toBe(idOf(sent));
  expect(published?.parentSpanContext?.spanId).toBe(idOf(placed));
  expect(sent?.attributes['messaging.system']).toBe('rabbitmq');
  const [first] = spans.named(inShop);
  const [pushed] = spans.named(`process ${onBus}:order.placed:distributed_billing`);
  for (const span of [first, pushed]) {
    expect(span?.parentSpanContext?.spanId).toBe(idOf(published));
    expect(span?.links.map((link) => link.context.spanId)).toEqual([idOf(published)]);
  }
  expect(application.received[0]?.headers.traceparent).toBe(`00-${traceId}-${idOf(pushed)}-01`);
  expect(dead?.kind).toBe(SpanKind.CLIENT);
  expect(dead?.links.map((link) => link.context.spanId)).toEqual([idOf(published)]);
});

test('the trace of a PHP service continues in a handler and in the messages that the handler sends', async () => {
  const message = captured('sendCommand.metadata-correlation');
  const change = defineCommandHandler({
    routingKey: 'billing.changeDetails',
    distributed: true,
    parameters: [reference('distributedBus')],
    handle: (bus: DistributedBus) => bus.publishEvent('billing.changed', 'x'),
  });
  const gateway = await runGateway({ service: 'ts-gateway', broker: { url: vhost.url }, handlers: [change] });
  await untilReady(gateway);
  const connection = await connect(vhost.url);
  onTestFinished(() => connection.close());
  const channel = await connection.createConfirmChannel();
  publishCaptured(channel, message);
  const [published] = await spans.untilEnded(`send ${onBus}:billing.changed`);
  const [handled] = await spans.untilEnded(`process ${onBus}:ts-gateway:distributed_ts-gateway`);
  const [, traceId, phpSpan] = String(message.headers.traceparent?.value).split('-');
  expect(traceIdsOf(spans.all())).toEqual([traceId]);
  expect(handled?.kind).toBe(SpanKind.CONSUMER);
  expect(handled?.parentSpanContext?.spanId).toBe(phpSpan);
  expect(handled?.links.map((link) => link.context.spanId)).toEqual([phpSpan]);
  expect(published?.parentSpanContext?.spanId).toBe(idOf(handled));
});
