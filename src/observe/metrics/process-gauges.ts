import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { GatewayMetrics } from './gateway-metrics.ts';

/** The interval at which the delay of the event loop is sampled, in milliseconds. */
const resolutionMs = 20;

/** Adds the metrics of the process. The delays of the event loop are sampled from the first reading on. */
export function observeProcess(metrics: GatewayMetrics): void {
  let delays: IntervalHistogram | undefined;
  let seconds = { mean: 0, p50: 0, p99: 0, max: 0 };
  metrics.beforeReading(() => {
    if (delays === undefined) {
      delays = monitorEventLoopDelay({ resolution: resolutionMs });
      delays.enable();
    } else if (delays.count > 0) {
      // A sample contains the interval itself.
      const delay = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000);
      const { mean, max } = delays;
      seconds = {
        mean: delay(mean),
        p50: delay(delays.percentile(50)),
        p99: delay(delays.percentile(99)),
        max: delay(max),
      };
      delays.reset();
    }
    return undefined;
  });
  metrics.observe('loopDelayMean', () => [[seconds.mean]]);
  metrics.observe('loopDelayP50', () => [[seconds.p50]]);
  metrics.observe('loopDelayP99', () => [[seconds.p99]]);
  metrics.observe('loopDelayMax', () => [[seconds.max]]);
  metrics.observe('cpuTime', () => {
    const { user, system } = process.cpuUsage();
    return [
      [user / 1e6, 'user'],
      [system / 1e6, 'system'],
    ];
  });
  metrics.observe('memory', () => [[process.memoryUsage.rss()]]);
}
