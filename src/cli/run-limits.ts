import { setTimeout } from 'node:timers/promises';
import type { ServiceEndpoint } from '../endpoint/service-endpoint.ts';
import type { AroundDelivery, DeliveryOutcome } from '../recovery/around-delivery.ts';

/** When an endpoint that is run ends, beside by a signal. */
export interface RunLimits {
  /** How many messages may leave the queue. */
  readonly handledMessageLimit?: number;
  readonly executionTimeLimit?: number;
  readonly finishWhenNoMessages?: boolean;
  /** In MiB, of the whole process. */
  readonly memoryLimit?: number;
  readonly stopOnFailure?: boolean;
}

/** Why a run ended. */
interface RunEnd {
  readonly reason: string;
  readonly exitCode: number;
}

export interface WatchedLimits {
  /** When the first limit was reached. From that moment on the endpoint takes no more messages. */
  readonly ended: Promise<RunEnd>;
  /** To be called around every delivery of the endpoint. */
  readonly aroundDelivery: AroundDelivery;
  /** To be called when the endpoint has been started. */
  begin(endpoint: RunningEndpoint): void;
}

type RunningEndpoint = Pick<ServiceEndpoint, 'finish' | 'waiting' | 'unacknowledged'>;

const lookIntervalMs = 100;

// Another process or program may handle a message that has no handler here.
const isNoFailure: ReadonlySet<DeliveryOutcome> = new Set([
  'handled',
  'not for this service',
  'deferred',
  'left in the queue',
]);

/**
 * Ends a run when a limit is reached.
 *
 * @param around what else is to be done around every delivery
 */
export function watchLimits(limits: RunLimits, around: AroundDelivery): WatchedLimits {
  const { handledMessageLimit, executionTimeLimit, finishWhenNoMessages, memoryLimit, stopOnFailure } = limits;
  let endpoint: RunningEndpoint | undefined;
  let taken = 0;
  let received = 0;
  let resolve: (end: RunEnd) => void;
  const ended = new Promise<RunEnd>((settle) => {
    resolve = settle;
  });
  const end = (reason: string, exitCode = 0) => {
    // In this very moment: the next delivery would be one too many.
    void endpoint?.finish();
    resolve({ reason, exitCode });
  };

  const aroundDelivery: AroundDelivery = async (delivery, handle) => {
    received += 1;
    taken += 1;
    if (taken === handledMessageLimit) end(`the limit of messages is reached: ${taken}`);
    const settled = await around(delivery, handle);
    const { outcome } = settled;
    if (outcome === 'given back' || outcome === 'left in the queue') taken -= 1;
    if (outcome === 'stopped') end('a failed message could be put nowhere', 1);
    if (stopOnFailure && !isNoFailure.has(outcome)) end('a message failed', 1);
    if (memoryLimit !== undefined && process.memoryUsage.rss() > memoryLimit * 1_048_576) {
      end(`the process takes more than ${memoryLimit} MiB`);
    }
    return settled;
  };

  /** Twice in a row, for what is on its way from the broker is neither here nor there. */
  const untilEmpty = async (running: RunningEndpoint) => {
    for (let empty = 0, before = -1; empty < 2; ) {
      await setTimeout(lookIntervalMs);
      const isEmpty = running.unacknowledged.length === 0 && (await running.waiting()) === 0;
      empty = isEmpty && received === before ? empty + 1 : 0;
      before = received;
    }
    end('the queue is empty');
  };

  return {
    ended,
    aroundDelivery,
    begin(running) {
      endpoint = running;
      if (executionTimeLimit !== undefined) {
        void setTimeout(executionTimeLimit).then(() => end(`${executionTimeLimit} ms have passed`));
      }
      if (finishWhenNoMessages) void untilEmpty(running);
    },
  };
}
