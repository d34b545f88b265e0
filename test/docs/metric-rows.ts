import type { MetricDescription } from '../../src/observe/metrics/metric.ts';
import { metricTable } from '../../src/observe/metrics/metric-table.ts';
import { sampleNames } from '../../src/observe/metrics/prometheus-text.ts';

/** Returns the rows of the table of metrics. */
export function metricRows(): string[] {
  return Object.values(metricTable).map((metric: MetricDescription) => {
    const { name, kind, attributes, description } = metric;
    const [sample = ''] = sampleNames(metric);
    const names = attributes.map((attribute) => `\`${attribute}\``).join(', ');
    return `| \`${name}\` | ${kind} | \`${sample.replace(/_bucket$/, '')}\` | ${names} | ${description} |`;
  });
}
