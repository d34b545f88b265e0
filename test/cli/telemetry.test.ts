import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startTelemetry } from '../../src/cli/telemetry.ts';
import { eventually } from '../broker/eventually.ts';
import { post, runGateway } from '../flow/gateway-fixture.ts';
import { unregisterSdk } from '../observe/trace/recorded-spans.ts';

/** A receiver of OTLP over HTTP, which decodes the JSON that it gets. */
async function otlpReceiver() {
  // biome-ignore lint/suspicious/noExplicitAny: the JSON form of OTLP
  const received: { path: string; body: any }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({ path: request.url ?? '', body: JSON.parse(Buffer.concat(chunks).toString()) });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

describe('the exporter of the command line', () => {
  test('reads the variables of OpenTelemetry', async () => {
    const { url, received } = await otlpReceiver();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url);
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=staging,service.name=till');
    vi.stubEnv('OTEL_METRIC_EXPORT_INTERVAL', '50');
    vi.stubEnv('OTEL_TRACES_EXPORTER', 'none');
    onTestFinished(() => void vi.unstubAllEnvs());
    const telemetry = await startTelemetry(process.env, 'shop');
    const gateway = await runGateway({ service: 'shop' });
    telemetry?.exportMetrics(gateway.metrics);
    // The interval has passed, because nothing has ended yet.
    await eventually(() => expect(received.length).toBeGreaterThan(1));
    await telemetry?.stop();
    expect(new Set(received.map(({ path }) => path))).toEqual(new Set(['/v1/metrics']));
    const [{ resource }] = received[0]?.body.resourceMetrics ?? [];
    for (const [key, stringValue] of [
      ['deployment.environment.name', 'staging'],
      ['service.name', 'till'],
    ]) {
      expect(resource.attributes).toContainEqual({ key, value: { stringValue } });
    }
  });

  test('does nothing without an endpoint', async () => {
    expect(await startTelemetry({}, 'shop')).toBeUndefined();
    const disabled = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' };
    expect(await startTelemetry(disabled, 'shop')).toBeUndefined();
  });

  test('sends spans and metrics to a receiver of OTLP', async () => {
    const { url, received } = await otlpReceiver();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', url);
    onTestFinished(() => void vi.unstubAllEnvs());
    onTestFinished(unregisterSdk);
    const telemetry = await startTelemetry(process.env, 'shop');
    const gateway = await runGateway({ service: 'shop' });
    telemetry?.exportMetrics(gateway.metrics);
    const { status, body } = await post(gateway, '/events/order.placed', { secret: 'hunter2' });
    expect(status).toBe(202);
    await telemetry?.stop();
    const bodyAt = (path: string) => received.find((one) => one.path === path)?.body;
    await eventually(() => expect([bodyAt('/v1/traces'), bodyAt('/v1/metrics')]).not.toContain(undefined));
    const [{ resource, scopeSpans }] = bodyAt('/v1/traces').resourceSpans;
    expect(resource.attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'shop' } });
    const [span] = scopeSpans[0].spans;
    // 4: a producer.
    expect(span).toMatchObject({ name: 'send ecotone.distributed:order.placed', kind: 4 });
    expect(span.attributes).toContainEqual({ key: 'messaging.message.id', value: { stringValue: body.messageId } });
    const [{ scopeMetrics }] = bodyAt('/v1/metrics').resourceMetrics;
    const names = scopeMetrics.flatMap(({ metrics }: { metrics: { name: string }[] }) =>
      metrics.map(({ name }) => name),
    );
    expect(names).toEqual(
      expect.arrayContaining(['messaging.client.sent.messages', 'messaging.client.operation.duration']),
    );
    expect(JSON.stringify(received)).not.toContain('hunter2');
  });
});
