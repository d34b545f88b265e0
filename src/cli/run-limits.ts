import { setTimeout } from 'node:timers/promises';
import type { DeliveryStage, ServiceEndpoint } from '../endpoint/service-endpoint.ts';
import type { DeliveryOutcome } from '../recovery/delivery-outcome.ts';

/** The limits that end a run. A signal ends it as well. */
export interface RunLimits {
  /** Maximum number of messages that leave the queue. */
  readonly handledMessageLimit?: number;
  readonly executionTimeLimit?: number;
  readonly finishWhenNoMessages?: boolean;
  /** Maximum memory of the whole process, in MiB. */
  readonly memoryLimit?: number;
  readonly stopOnFailure?: boolean;
}

/** The end of a run. */
interface RunEnd {
  readonly reason: string;
  readonly exitCode: number;
}

export interface WatchedLimits {
  /** Resolves when the first limit is reached. The endpoint then takes no further messages. */
  readonly ended: Promise<RunEnd>;
  /** The stage to put around every delivery of the endpoint. */
  readonly stage: DeliveryStage;
  /**
   * Begins to watch an endpoint that has been started.
   *
   * @param obstacle returns why nothing can be received at the moment; undefined if there is no problem
   */
  begin(endpoint: RunningEndpoint, obstacle: () => string | undefined): void;
}

type RunningEndpoint = Pick<ServiceEndpoint, 'finish' | 'waiting' | 'unacknowledged'>;

const checkIntervalMs = 100;

// Another process may handle a message that has no handler here.
const isNoFailure: ReadonlySet<DeliveryOutcome> = new Set([
  'handled',
  'not for this service',
  'deferred',
  'left in the queue',
]);

/** Ends a run when a limit is reached. */
export function watchLimits(limits: RunLimits): WatchedLimits {
  const { handledMessageLimit, executionTimeLimit, finishWhenNoMessages, memoryLimit, stopOnFailure } = limits;
  let endpoint: RunningEndpoint | undefined;
  let taken = 0;
  let received = 0;
  let resolve: (end: RunEnd) => void;
  const ended = new Promise<RunEnd>((settle) => {
    resolve = settle;
  });
  const end = (reason: string, exitCode = 0) => {
    // This stops at once, because the next delivery would exceed the limit.
    void endpoint?.finish();
    resolve({ reason, exitCode });
  };

  const stage: DeliveryStage = async (delivery, next) => {
    received += 1;
    taken += 1;
    if (taken === handledMessageLimit) end(`reached the limit of messages: ${taken}`);
    const settled = await next(delivery);
    const { outcome } = settled;
    if (outcome === 'requeued' || outcome === 'left in the queue') taken -= 1;
    if (outcome === 'stopped') end('a failed message could be neither retried nor dead-lettered', 1);
    if (stopOnFailure && !isNoFailure.has(outcome)) end('a message failed', 1);
    if (memoryLimit !== undefined && process.memoryUsage.rss() > memoryLimit * 1_048_576) {
      end(`the process uses more than ${memoryLimit} MiB`);
    }
    return settled;
  };

  /** Checks twice in a row, because a message in transit from the broker is neither unacknowledged nor in the queue. */
  const untilEmpty = async (running: RunningEndpoint) => {
    for (let empty = 0, before = -1; empty < 2; ) {
      await setTimeout(checkIntervalMs);
      const isEmpty = running.unacknowledged.length === 0 && (await running.waiting()) === 0;
      empty = isEmpty && received === before ? empty + 1 : 0;
      before = received;
    }
    end('the queue is empty');
  };

  return {
    ended,
    stage,
    begin(running, obstacle) {
      endpoint = running;
      if (executionTimeLimit !== undefined) {
        void setTimeout(executionTimeLimit).then(() => {
          const reason = `${executionTimeLimit} ms have passed`;
          // A run that never reached its queue must not look like one that found it empty.
          const problem = received === 0 ? obstacle() : undefined;
          if (problem === undefined) end(reason);
          else end(`${reason}, and nothing could be received: ${problem}`, 1);
        });
      }
      if (finishWhenNoMessages) void untilEmpty(running);
    },
  };
}
