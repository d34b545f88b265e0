import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../time/timeout.ts';
import type { Parts } from './components.ts';

/** What a shutdown asks of the side that faces HTTP. */
export interface HttpSide {
  /** Whether there is a port that callers know. */
  isListening(): boolean;
  /** Tells all callers to go elsewhere. The port stays open. */
  drain(): void;
  /** Closes the port. Resolves once every request has its answer. */
  close(): Promise<void>;
  /** Ends the connections that are still open. */
  cutOff(): void;
}

type Stoppable = Pick<Parts, 'config' | 'channel' | 'endpoint' | 'forwarder' | 'openCalls' | 'services'>;

/** How long, beyond the deadline, it may take to tell callers what became of their requests. */
const answeringMs = 500;

/**
 * The shutdown of a gateway, or of what consumes without one. It takes nothing more, finishes what is in hand within
 * `shutdownTimeoutMs`, gives back the rest, and closes.
 *
 * @param http where there is one
 * @returns begins the shutdown; called again, it waits for the first
 */
export function shutdownOf(parts: Stoppable, http?: HttpSide): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  return () => {
    stopping ??= shutDown(parts, http);
    return stopping;
  };
}

async function shutDown(
  { config, channel, endpoint, forwarder, openCalls, services }: Stoppable,
  http: HttpSide | undefined,
): Promise<void> {
  const deadline = performance.now() + config.shutdownTimeoutMs;
  const remainingMs = () => Math.max(0, deadline - performance.now());
  const httpClosed = http ? closeHttp(http, config.http.drainDelayMs) : Promise.resolve();
  try {
    // Consumers stop at once. What handlers and requests in hand still send must find the channel open.
    await Promise.all([
      endpoint.stop(remainingMs()),
      forwarder.stop(remainingMs()),
      within(remainingMs(), openCalls.settle()),
      within(remainingMs(), httpClosed),
    ]);
    // Services may still send something when they are disposed.
    await within(remainingMs(), services.dispose(remainingMs()));
  } finally {
    // Requests that still wait for a confirm are answered by this: their outcome is unknown.
    await channel.close(remainingMs());
    if (!(await within(answeringMs, httpClosed))) http?.cutOff();
    await httpClosed;
  }
}

async function closeHttp(http: HttpSide, drainDelayMs: number): Promise<void> {
  if (http.isListening()) {
    http.drain();
    await sleep(drainDelayMs);
  }
  await http.close();
}
