import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { type DistributedBus, defineCommandHandler, defineEventHandler, reference } from 'littoral';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { pinoOptions } from '../../../src/logger.ts';
import { traceFields } from '../../../src/observe/trace/load-tracing.ts';
import { eventually } from '../../broker/eventually.ts';
import { answering, startApplication } from '../../delivery/application-fixture.ts';
import { post, type RunningGateway, runGateway } from '../../flow/gateway-fixture.ts';
import { idOf, recordSpans } from './recorded-spans.ts';

const { all: spans, named, untilEnded } = recordSpans();

const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerSpan = 'b7ad6b7169203331';
const caller = { traceparent: `00-${traceId}-${callerSpan}-01`, tracestate: 'vendor=1' };
const secret = 'hunter2-of-the-payload';

const toShop = 'ecotone.distributed:shop';
const inShop = `${toShop}:distributed_shop`;

describe('a trace', () => {
  test('leads from the request of a caller through a handler to what it sends', async () => {
    const lines: Record<string, unknown>[] = [];
    const options = pinoOptions('debug', { context: traceFields() });
    const logger = pino(options, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const place = defineCommandHandler({
      routingKey: 'place',
      distributed: true,
      parameters: [reference('distributedBus')],
      handle: (bus: DistributedBus) => bus.publishEvent('order.placed', secret),
    });
    const onPlaced = defineEventHandler({ routingKey: 'order.placed', distributed: true, handle() {} });
    const gateway = await runGateway({ service: 'shop', handlers: [place, onPlaced] }, { logger });
    const { body } = await post(gateway, '/commands/shop/place', { secret }, caller);
    const [processed] = await untilEnded('process ecotone.distributed:order.placed:distributed_shop');
    await untilEnded('settle ecotone.distributed:order.placed:distributed_shop');

    const [sent] = named(`send ${toShop}`);
    const [handled] = named(`process ${inShop}`);
    const [published] = named('send ecotone.distributed:order.placed');
    expect(new Set(spans().map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
    expect(sent?.parentSpanContext?.spanId).toBe(callerSpan);
    expect(handled?.parentSpanContext?.spanId).toBe(idOf(sent));
    expect(handled?.links.map((link) => link.context.spanId)).toEqual([idOf(sent)]);
    expect(published?.parentSpanContext?.spanId).toBe(idOf(handled));
    expect(processed?.parentSpanContext?.spanId).toBe(idOf(published));
    const kinds = [sent, handled, published, named(`settle ${inShop}`)[0]].map((span) => span?.kind);
    expect(kinds).toEqual([SpanKind.PRODUCER, SpanKind.CONSUMER, SpanKind.PRODUCER, SpanKind.CLIENT]);
    expect(handled?.attributes).toEqual({
      'messaging.system': 'in-memory',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': inShop,
      'messaging.rabbitmq.destination.routing_key': 'shop',
      'messaging.message.id': body.messageId,
      'messaging.message.conversation_id': body.correlationId,
      'littoral.routing_key': 'place',
      'littoral.outcome': 'handled',
    });
    expect(sent?.spanContext().traceState?.serialize()).toBe('vendor=1');
    expect(JSON.stringify(spans().map(({ attributes, events }) => [attributes, events]))).not.toContain(secret);
    const line = lines.find(({ msg, routingKey }) => msg === 'handled' && routingKey === 'place');
    expect(line).toMatchObject({ traceId, spanId: idOf(handled), messageId: body.messageId });
  });

  test('goes on through a delay, a retry, a dead letter and a replay', async () => {
    let failures = 2;
    const work = defineCommandHandler({
      routingKey: 'work',
      distributed: true,
      handle() {
        failures -= 1;
        if (failures >= 0) throw new RangeError('of the handler');
      },
    });
    const retries = { maxAttempts: 1, initialDelayMs: 1 };
    const gateway = await runGateway({ service: 'shop', handlers: [work], retries });
    await post(gateway, '/commands/shop/work', {}, { ...caller, 'message-delay': '1' });
    await untilEnded('send distributed_shop_dead_letter');
    await eventually(async () => {
      const page = (await (await fetch(`${gateway.address}/dead-letters`)).json()) as { items: { id: string }[] };
      expect(page.items).toHaveLength(1);
      const answer = await fetch(`${gateway.address}/dead-letters/${page.items[0]?.id}/replay`, { method: 'POST' });
      expect(answer.status).toBe(202);
    });
    await eventually(() => expect(spans().filter(({ name }) => name.startsWith('process '))).toHaveLength(3));
    await eventually(() => expect(spans().filter(({ name }) => name.startsWith('settle '))).toHaveLength(3));
    const [created, ...forwarded] = spans().filter(({ name }) => name.startsWith('send '));
    expect(new Set(spans().map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
    const kinds = spans()
      .filter(({ name }) => name.startsWith('send '))
      .map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === SpanKind.PRODUCER)).toHaveLength(1);
    expect(forwarded.length).toBeGreaterThanOrEqual(3);
    expect(created).toBeDefined();
    const producer = spans().find(({ kind }) => kind === SpanKind.PRODUCER);
    for (const span of spans().filter(({ kind, name }) => kind === SpanKind.CLIENT && name.startsWith('send '))) {
      expect(
        span.links.map((link) => link.context.spanId),
        span.name,
      ).toEqual([idOf(producer)]);
    }
    const failed = spans().filter(({ attributes }) => attributes['error.type'] === 'RangeError');
    expect(failed.map(({ attributes }) => attributes['littoral.outcome'])).toEqual(['retried later', 'dead letter']);
    expect(JSON.stringify(spans().map(({ attributes, status }) => [attributes, status]))).not.toContain(secret);
  });

  test('leads to an application behind HTTP', async () => {
    const application = await startApplication(answering(204));
    const settings = { url: application.url, commands: ['work'] };
    const gateway = await runGateway({ service: 'shop', application: settings });
    await post(gateway, '/commands/shop/work', {}, caller);
    const [handled] = await untilEnded(`process ${inShop}`);
    const [received] = application.received;
    expect(received?.headers.traceparent).toBe(`00-${traceId}-${idOf(handled)}-01`);
    expect(received?.headers.tracestate).toBe('vendor=1');
  });

  test('ends the span of each message of a list that is refused as a whole', async () => {
    const gateway = await runGateway({ service: 'shop' });
    const event = { kind: 'event', routingKey: 'order.placed', payload: {} } as const;
    const refused = { ...event, routingKey: '' };
    await gateway.distributedBus.sendAll([event, refused, event], { checkFirst: true });
    const ended = await untilEnded('send ecotone.distributed:order.placed', 2);
    expect(ended.map(({ status }) => status.code)).toEqual([SpanStatusCode.ERROR, SpanStatusCode.ERROR]);
    const types = ended.map(({ attributes }) => attributes['error.type']);
    expect(types).toEqual(['littoral.batch-refused', 'littoral.batch-refused']);
  });

  test.each([true, false])(
    'ends the span of a message that cannot be sent, with checkFirst: %s',
    async (checkFirst) => {
      const gateway = await runGateway({ service: 'shop' });
      const refused = { kind: 'event', routingKey: '', payload: {} } as const;
      const [result] = await gateway.distributedBus.sendAll([refused], { checkFirst });
      expect(result?.error).toMatchObject({ code: 'invalid-key' });
      const [ended] = await untilEnded('send ecotone.distributed');
      expect(ended?.attributes['error.type']).toBe('littoral.invalid-key');
    },
  );

  test('begins anew where a caller sends what is no context', async () => {
    const gateway: RunningGateway = await runGateway({ service: 'shop' });
    const hostile = [
      '00-00000000000000000000000000000000-b7ad6b7169203331-01',
      `00-${traceId}-0000000000000000-01`,
      `ff-${traceId}-${callerSpan}-01`,
      `00-${traceId}-${callerSpan}-01-more`,
      `00-${traceId.toUpperCase()}-${callerSpan}-01`,
      'x'.repeat(4000),
    ];
    for (const traceparent of hostile) {
      const headers = { traceparent, tracestate: `${'a=1,'.repeat(900)}b=2`, baggage: `key=${'y'.repeat(2000)}` };
      expect((await post(gateway, '/events/order.placed', {}, headers)).status).toBe(202);
    }
    const sent = await untilEnded('send ecotone.distributed:order.placed', hostile.length);
    for (const span of sent) {
      expect(span.parentSpanContext).toBeUndefined();
      expect(span.spanContext().traceId).not.toBe(traceId);
      expect(span.spanContext().traceState?.serialize() ?? '').toBe('');
    }
  });
});
