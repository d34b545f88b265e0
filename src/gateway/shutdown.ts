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

type Stoppable = Pick<
  Components,
  'config' | 'channel' | 'endpoint' | 'applications' | 'discovery' | 'forwarder' | 'pendingCalls' | 'services'
>;

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
  { config, channel, endpoint, applications, discovery, forwarder, pendingCalls, services }: Stoppable,
  http: HttpSide | undefined,
): Promise<void> {
  const deadline = performance.now() + config.shutdownTimeoutMs;
  const remainingMs = () => Math.max(0, deadline - performance.now());
  // Consumers stop at once. The channel stays open for what handlers and requests still send.
  discovery?.end();
  const endpointStopped = endpoint.stop(remainingMs());
  // An application sends over HTTP while it handles a message.
  const needed = applications.isEmpty ? Promise.resolve() : endpointStopped;
  const httpClosed = http ? closeHttp(http, config.http.drainDelayMs, needed) : Promise.resolve();
  try {
    await Promise.all([
      endpointStopped,
      forwarder.stop(remainingMs()),
      completesWithin(remainingMs(), pendingCalls.settle()),
      completesWithin(remainingMs(), httpClosed),
    ]);
    // Services may still send something when they are disposed.
    await completesWithin(remainingMs(), services.dispose(remainingMs()));
  } finally {
    // Requests that still wait for a confirm are answered by this: their outcome is unknown.
    await channel.close(remainingMs());
    await applications.close();
    if (!(await completesWithin(answeringMs, httpClosed))) http?.cutOff();
    await httpClosed;
  }
}

/** @param needed resolves once nothing in this process sends over HTTP any more */
async function closeHttp(http: HttpSide, drainDelayMs: number, needed: Promise<void>): Promise<void> {
  if (http.isListening()) {
    http.drain();
    await Promise.all([sleep(drainDelayMs), needed]);
  }
  await http.close();
}
