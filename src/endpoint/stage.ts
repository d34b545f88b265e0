import type { MaybePromise } from '../promise/maybe-promise.ts';

/** The rest of the stages, and the work that they surround. */
export type Next<Call, Result> = (call: Call) => MaybePromise<Result>;

/**
 * One step around the rest: it acts before or after `next`, or does not call it. It stays synchronous if it has nothing
 * to wait for. Each stage passes the call to the next one as an argument, so that an attempt that ends late keeps its
 * own call.
 */
export type Stage<Call, Result, Inner = Call> = (call: Call, next: Next<Inner, Result>) => MaybePromise<Result>;

/**
 * Composes stages around a piece of work, the first one outermost. Costs nothing for a stage that is undefined, and no
 * allocation for each call.
 */
export function compose<Call, Result>(
  stages: readonly (Stage<Call, Result> | undefined)[],
  work: Next<Call, Result>,
): Next<Call, Result> {
  return stages.reduceRight<Next<Call, Result>>((next, stage) => (stage ? (call) => stage(call, next) : next), work);
}
