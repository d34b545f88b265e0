import type { GatewayMetrics } from './gateway-metrics.ts';
import type { HistogramSeries } from './histogram.ts';

/** An ended request, with its status, or with the reason why there is no answer. */
interface EndedRequest {
  readonly method: string;
  readonly seconds: number;
  readonly status?: number;
  readonly failure?: string;
}

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** Returns a function that measures the requests to an origin. */
export function measureClientRequests(
  { clientDuration }: GatewayMetrics,
  { protocol, hostname, port }: URL,
): (request: EndedRequest) => void {
  const server = [hostname, port || (defaultPorts[protocol] ?? '')];
  const scheme = protocol.replace(':', '');
  /** The series of successful requests by status. Almost all requests succeed, so their series are cached. */
  const succeeded = new Map<number, HistogramSeries>();
  return ({ method, seconds, status, failure = '' }) => {
    let series = status === undefined || method !== 'POST' ? undefined : succeeded.get(status);
    if (series === undefined) {
      const code = status === undefined ? '' : String(status);
      // The conventions require the status as the type of an error.
      const errorType = status !== undefined && status >= 400 ? code : failure;
      series = clientDuration.at(method, ...server, code, errorType, scheme);
      if (status !== undefined && method === 'POST' && status < 400) succeeded.set(status, series);
    }
    series.record(seconds);
  };
}
