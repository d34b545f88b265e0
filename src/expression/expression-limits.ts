/** Bounds on one evaluation. An evaluation that exceeds one fails its own message only. */
export interface ExpressionLimits {
  /**
   * Maximum time that an evaluation computes, in milliseconds, checked between steps. Waiting for services does not
   * count. Default 1000.
   */
  readonly timeoutMs?: number;
  /**
   * Maximum number of nested steps. Default 50000, which an infinite recursion reaches in half a second.
   * A function call takes about four.
   */
  readonly maxDepth?: number;
  /** Maximum number of items of one list; all lists of one evaluation may have four times as many. Default 500000. */
  readonly maxSequenceLength?: number;
  /**
   * Maximum number of characters of one text that an evaluation makes; all its texts may have four times as many.
   * Default 10000000.
   */
  readonly maxTextLength?: number;
}

export const defaultLimits = {
  timeoutMs: 1000,
  maxDepth: 50_000,
  maxSequenceLength: 500_000,
  maxTextLength: 10_000_000,
} as const satisfies Required<ExpressionLimits>;
