import { withRetryDelay } from '../handler/retry-hint.ts';
import { describeValue } from '../text/describe-value.ts';
import { shorten } from '../text/shorten.ts';
import { ApplicationAway, ApplicationError } from './application-error.ts';
import type { Answer } from './http-exchange.ts';
import { type AnsweredProblem, problemOf } from './problem-of-answer.ts';
import { retryAfterMs } from './retry-after.ts';

/** Statuses with which no further attempt can help: the message becomes a dead letter at once. */
const refusals: ReadonlySet<number> = new Set([400, 410, 413, 415, 422, 501]);

/** Statuses of an application, or of a proxy before it, that takes nothing at the moment. */
const awayStatuses: ReadonlySet<number> = new Set([502, 503]);

/** Statuses that ask for fewer requests at once. */
const slowingStatuses: ReadonlySet<number> = new Set([408, 429, 503, 504]);

/** Returns whether an answer asks for fewer requests at once. */
export function asksToSlowDown({ status }: Answer): boolean {
  return slowingStatuses.has(status);
}

/**
 * Decides what the answer of an application means: first its header `Message-Outcome`, then `retryable` in a problem
 * document, then its status.
 *
 * @param nowMs milliseconds since 1970, from which a date in `Retry-After` counts
 * @returns undefined if the message was handled; otherwise the error of the attempt. An `ApplicationAway` is no attempt
 */
export function failureOf(answer: Answer, nowMs: number): Error | undefined {
  const { status, headers } = answer;
  const outcome = headers['message-outcome'];
  if (outcome === undefined && status < 300) return undefined;
  const waitMs = retryAfterMs(headers['retry-after'], nowMs);
  if (outcome !== undefined) return failureOfOutcome(answer, outcome, waitMs);
  const problem = problemOf(answer);
  if (problem.retryable !== undefined) return failure(answer, problem, problem.retryable, waitMs);
  if (awayStatuses.has(status) && waitMs === undefined) return new ApplicationAway(describe(answer, problem));
  return failure(answer, problem, !refusals.has(status), waitMs);
}

/** Decides by `Message-Outcome`, whose value may be in upper or lower case. */
function failureOfOutcome(answer: Answer, outcome: unknown, waitMs: number | undefined): Error | undefined {
  const problem = problemOf(answer);
  switch (typeof outcome === 'string' ? outcome.trim().toLowerCase() : undefined) {
    case 'done':
      return undefined;
    case 'retry':
      return failure(answer, problem, true, waitMs);
    case 'reject':
      return failure(answer, problem, false, undefined);
    default: {
      // If the status decided, a message with a misspelt "reject" would be acknowledged.
      const found = typeof outcome === 'string' ? `'${shorten(outcome, 32)}'` : describeValue(outcome);
      return new ApplicationError(
        `The answer has the header Message-Outcome: ${found}; there are done, retry and reject.`,
        { retryable: true },
      );
    }
  }
}

function failure(
  answer: Answer,
  problem: AnsweredProblem,
  retryable: boolean,
  waitMs: number | undefined,
): ApplicationError {
  const { code } = problem;
  const named = typeof code === 'number' ? { code } : { name: code };
  const error = new ApplicationError(describe(answer, problem), { retryable, ...named });
  return retryable && waitMs !== undefined ? withRetryDelay(error, waitMs) : error;
}

function describe({ status }: Answer, { title, detail }: AnsweredProblem): string {
  const said = [title, detail].filter((text) => text !== undefined).join(': ');
  return `The application answered ${status}${said === '' ? '' : `: ${said}`}`;
}
