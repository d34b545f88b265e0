import type { HistogramPoint, MetricDescription, MetricSnapshot, NumberPoint } from './metric.ts';

/** The two text formats: that of Prometheus (0.0.4), and OpenMetrics 1.0. */
export type TextFormat = 'prometheus' | 'openmetrics';

export const contentTypes: Readonly<Record<TextFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

const unitSuffixes: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' };

/** Returns the name of a metric's family, without `_total`: OpenTelemetry's name, and its unit. */
export function familyName({ name, unit }: MetricDescription): string {
  const suffix = unitSuffixes[unit];
  const base = name.replaceAll('.', '_');
  return suffix === undefined || base.endsWith(`_${suffix}`) ? base : `${base}_${suffix}`;
}

/** Returns the names of all samples that a metric can have. */
export function sampleNames(description: MetricDescription): string[] {
  const family = familyName(description);
  if (description.kind === 'counter') return [`${family}_total`];
  return description.kind === 'gauge' ? [family] : ['_bucket', '_sum', '_count'].map((suffix) => family + suffix);
}

/** Writes metrics as text. */
export function writeMetrics(
  snapshots: readonly MetricSnapshot[],
  target: Readonly<Record<string, string>>,
  format: TextFormat,
): string {
  const lines = targetLines(target, format);
  for (const snapshot of snapshots) {
    if (snapshot.points.length === 0) continue;
    lines.push(...headLines(snapshot.description, format));
    const family = familyName(snapshot.description);
    if (snapshot.kind === 'histogram') {
      const { bounds = [] } = snapshot.description;
      for (const point of snapshot.points) lines.push(...histogramLines(family, bounds, point));
    } else {
      const name = snapshot.kind === 'counter' ? `${family}_total` : family;
      for (const { attributes, value } of snapshot.points) lines.push(sample(name, attributes, value));
    }
  }
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

/** The attributes of the process, as OpenTelemetry's rules for Prometheus write them. */
function targetLines(target: Readonly<Record<string, string>>, format: TextFormat): string[] {
  const [name, kind] = format === 'openmetrics' ? ['target', 'info'] : ['target_info', 'gauge'];
  return [`# TYPE ${name} ${kind}`, `# HELP ${name} Attributes of the process`, sample('target_info', target, 1)];
}

function headLines(description: MetricDescription, format: TextFormat): string[] {
  const { kind, unit, description: text } = description;
  const family = familyName(description);
  const isTotal = format === 'prometheus' && kind === 'counter';
  const name = isTotal ? `${family}_total` : family;
  const lines = [`# TYPE ${name} ${kind}`, `# HELP ${name} ${escaped(text)}`];
  const suffix = unitSuffixes[unit];
  if (format === 'openmetrics' && suffix !== undefined) lines.push(`# UNIT ${name} ${suffix}`);
  return lines;
}

function histogramLines(
  family: string,
  bounds: readonly number[],
  { attributes, counts, sum }: HistogramPoint,
): string[] {
  let total = 0;
  const buckets = counts.map((count, index) => {
    total += count;
    const le = index < bounds.length ? decimal(bounds[index] as number) : '+Inf';
    return sample(`${family}_bucket`, { ...attributes, le }, total);
  });
  return [...buckets, sample(`${family}_sum`, attributes, sum), sample(`${family}_count`, attributes, total)];
}

function sample(name: string, attributes: NumberPoint['attributes'], value: number): string {
  const labels = Object.entries(attributes).map(([label, text]) => `${label.replaceAll('.', '_')}="${escaped(text)}"`);
  return `${name}${labels.length === 0 ? '' : `{${labels.join(',')}}`} ${value}`;
}

/** OpenMetrics asks for floats as bounds, so that every program writes the same. */
function decimal(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function escaped(text: string): string {
  return text.toWellFormed().replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

/** Returns the format that an `Accept` header prefers. Default: that of Prometheus. */
export function preferredFormat(accept: string | undefined): TextFormat {
  const weights = { openmetrics: 0, prometheus: 0 };
  for (const range of (accept ?? '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const version = parameters.find((parameter) => parameter.startsWith('version='))?.slice(8);
    const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
    if (type === 'application/openmetrics-text' && (version === undefined || version === '1.0.0')) {
      weights.openmetrics = Math.max(weights.openmetrics, weight || 0);
    }
    if (type === 'text/plain' && (version === undefined || version === '0.0.4')) {
      weights.prometheus = Math.max(weights.prometheus, weight || 0);
    }
  }
  return weights.openmetrics > weights.prometheus ? 'openmetrics' : 'prometheus';
}
