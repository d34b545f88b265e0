import { NoAnswer, NotReached } from './request-failures.ts';

/** An ended request to an application. */
export interface EndedRequest {
  readonly method: 'GET' | 'POST';
  readonly seconds: number;
  /** The status of the answer; undefined if there is none. */
  readonly status?: number;
  /** The reason why there is no answer. */
  readonly failure?: 'unreachable' | 'timeout' | 'no-answer';
}

/** Called at the end of each request to an application. Must not throw. */
export type RequestObserver = (request: EndedRequest) => void;

/** Measures a request from this call to its answer. */
export function observeRequest(
  method: EndedRequest['method'],
  answer: Promise<{ readonly status: number }>,
  observe: RequestObserver,
): void {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  answer.then(
    ({ status }) => observe({ method, seconds: seconds(), status }),
    (error: unknown) => observe({ method, seconds: seconds(), failure: failureOf(error) }),
  );
}

function failureOf(error: unknown): NonNullable<EndedRequest['failure']> {
  if (error instanceof NotReached) return 'unreachable';
  return error instanceof NoAnswer && error.isLate ? 'timeout' : 'no-answer';
}
