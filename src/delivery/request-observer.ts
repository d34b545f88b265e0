import { NoAnswer, NotReached } from './request-failures.ts';

/** A request to an application that has ended. */
export interface EndedRequest {
  readonly method: 'GET' | 'POST';
  readonly seconds: number;
  /** The status of its answer; undefined if it has none. */
  readonly status?: number;
  /** The reason why it has no answer. */
  readonly failure?: 'unreachable' | 'timeout' | 'no-answer';
}

/** Called at the end of each request to an application. Must not throw. */
export type RequestObserver = (request: EndedRequest) => void;

/** Measures a request that begins now. */
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
