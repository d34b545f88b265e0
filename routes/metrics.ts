import Type from 'typebox';
import { preferredFormat } from '../src/observe/metrics/prometheus-text.ts';
import type { RoutePlugin } from './route-context.ts';

const example = `# TYPE littoral_queue_ready gauge
# HELP littoral_queue_ready Number of messages that wait in the queue of the service, read from the broker at most every 5 s
littoral_queue_ready{messaging_destination_name="distributed_billing"} 3
`;

const text = { schema: Type.String({ examples: [example] }) };

/** `GET /metrics`: the metrics of this process, for Prometheus. */
export const metrics: RoutePlugin = (app, { metrics: all }) => {
  if (all === undefined) return;
  app.get(
    '/metrics',
    {
      config: { permission: 'metrics:read' },
      schema: {
        tags: ['Health'],
        operationId: 'metrics',
        summary: 'Read the metrics of this process',
        description:
          'In the text format of Prometheus, or as OpenMetrics 1.0 if `Accept` prefers it. Absent with `metrics.enabled: false`.',
        response: {
          200: {
            description: 'The metrics.',
            content: { 'text/plain': text, 'application/openmetrics-text': text },
          },
        },
      },
      serializerCompiler: () => String,
    },
    async ({ headers }, reply) => {
      const { contentType, body } = await all.text(preferredFormat(headers.accept));
      return reply.type(contentType).send(body);
    },
  );
};
