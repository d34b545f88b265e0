import { setTimeout as sleep } from 'node:timers/promises';
import { completesWithin } from '../time/timeout.ts';
import type { Components } from './components.ts';

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

type Stoppable = Pick<Components, 'config' | 'channel' | 'endpoint' | 'forwarder' | 'pendingCalls' | 'services'>;

/** How long, beyond the deadline, it may take to tell callers what became of their requests. */
const answeringMs = 500;

/**
 * The shutdown of a gateway, or of what consumes without one. It takes nothing more, finishes what is in hand within
 * `shutdownTimeoutMs`, gives back the rest, and closes.
 *
 * @param http where there is one
 * @returns begins the shutdown; called again, it waits for the first
 */
export function createShutdown(components: Stoppable, http?: HttpSide): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  return () => {
    stopping ??= shutDown(components, http);
    return stopping;
  };
}

async function shutDown(
  { config, channel, endpoint, forwarder, pendingCalls, services }: Stoppable,
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
      completesWithin(remainingMs(), pendingCalls.settle()),
      completesWithin(remainingMs(), httpClosed),
    ]);
    // Services may still send something when they are disposed.
    await completesWithin(remainingMs(), services.dispose(remainingMs()));
  } finally {
    // Requests that still wait for a confirm are answered by this: their outcome is unknown.
    await channel.close(remainingMs());
    if (!(await completesWithin(answeringMs, httpClosed))) http?.cutOff();
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
