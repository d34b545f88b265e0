import { setTimeout as sleep } from 'node:timers/promises';
import { completesWithin } from '../time/timeout.ts';
import type { Components } from './components.ts';

/** The HTTP side of a shutdown. */
export interface HttpSide {
  /** Returns whether the port is open. */
  isListening(): boolean;
  /** Answers every request with 503 and `Connection: close`. The port stays open. */
  drain(): void;
  /** Closes the port. Resolves once every request has its answer. */
  close(): Promise<void>;
  /** Ends the connections that are still open. */
  cutOff(): void;
}

type Stoppable = Pick<Components, 'config' | 'channel' | 'endpoint' | 'forwarder' | 'pendingCalls' | 'services'>;

/** The time beyond the deadline for answers to the callers that still wait. */
const answeringMs = 500;

/**
 * Returns the shutdown of a gateway, or of a consumer without one. It stops receiving, finishes unacknowledged
 * deliveries within `shutdownTimeoutMs`, requeues the rest, and closes.
 *
 * @param http where there is one
 * @returns a function that begins the shutdown; a second call waits for the first
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
    // Consumers stop at once. The channel stays open for what handlers and requests still send.
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
