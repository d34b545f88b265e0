import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { MetricDescription } from '../../src/observe/metrics/metric.ts';
import { metricTable } from '../../src/observe/metrics/metric-table.ts';
import { sampleNames } from '../../src/observe/metrics/prometheus-text.ts';
import { readPage } from '../docs/page-code.ts';

const read = (name: string) => readFileSync(new URL(`../../examples/monitoring/${name}`, import.meta.url), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}

const { groups } = parse(read('alerts.yml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(read('dashboard.json')) as {
  panels: { title: string; targets: { expr: string }[] }[];
};
const queries = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const));

const table: readonly MetricDescription[] = Object.values(metricTable);
// Prometheus itself writes the first one.
const samples = new Set(['up', ...table.flatMap(sampleNames)]);
const labels = new Set([
  ...['instance', 'job', 'le'],
  ...table.flatMap(({ attributes }) => attributes.map((name) => name.replaceAll('.', '_'))),
]);

/** Parses a query as Prometheus does. Grafana replaces its variable before. */
function namesIn(query: string) {
  const text = query.replaceAll('$__rate_interval', '5m');
  const found = { metrics: [] as string[], labels: [] as string[], errors: 0 };
  parser.parse(text).iterate({
    enter({ name, type, from, to, node: { parent } }) {
      if (type.isError) found.errors += 1;
      if (name === 'Identifier' && parent?.name === 'VectorSelector') found.metrics.push(text.slice(from, to));
      if (name === 'LabelName') found.labels.push(text.slice(from, to));
    },
  });
  return found;
}

describe.each([...rules.map(({ alert, expr }) => [alert, expr] as const), ...queries])('%s', (_, query) => {
  test('is a query of metrics and labels that exist', () => {
    const found = namesIn(query);
    expect(found.errors, query).toBe(0);
    expect(found.metrics, query).not.toEqual([]);
    expect(found.metrics.filter((name) => !samples.has(name))).toEqual([]);
    expect(found.labels.filter((name) => !labels.has(name))).toEqual([]);
  });
});

describe('the alerts', () => {
  test('are those that docs/monitoring.md explains, with the same urgency', () => {
    const rows = [...readPage('docs/monitoring.md').matchAll(/^\| `(Littoral\w+)` \| (yes|no) \|/gm)];
    expect(rows.map(([, name, page]) => [name, page === 'yes' ? 'page' : 'ticket'])).toEqual(
      rules.map(({ alert, labels: { severity } }) => [alert, severity]),
    );
  });

  test('say which one is meant', () => {
    for (const { annotations } of rules) expect(annotations.summary).not.toBe('');
  });
});
