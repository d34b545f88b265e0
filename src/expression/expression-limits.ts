/** Bounds on one evaluation. One that goes beyond them fails, and nothing else does. */
export interface ExpressionLimits {
  /**
   * How long an evaluation may compute, in milliseconds; waiting for services does not count. Default 1000. It is looked
   * at between steps: one slow regular expression is not interrupted.
   */
  readonly timeoutMs?: number;
  /**
   * How many steps may be open inside each other. Default 50000, which a recursion without end reaches in half a second.
   * A function call takes about four; grouping opens about three for each key at once.
   */
  readonly maxDepth?: number;
  /** How many items one sequence may have. Default 1000000. */
  readonly maxSequenceLength?: number;
}

export const defaultLimits = {
  timeoutMs: 1000,
  maxDepth: 50_000,
  maxSequenceLength: 1_000_000,
} as const satisfies Required<ExpressionLimits>;
