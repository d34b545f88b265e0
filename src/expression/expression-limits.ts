/** Bounds on one evaluation. One that goes beyond them fails, and nothing else does. */
export interface ExpressionLimits {
  /**
   * How long an evaluation may compute, in milliseconds; waiting for services does not count. Default 1000. It is looked
   * at between steps.
   */
  readonly timeoutMs?: number;
  /**
   * How many steps may be open inside each other. Default 50000, which a recursion without end reaches in half a second.
   * A function call takes about four; grouping opens about three for each key at once.
   */
  readonly maxDepth?: number;
  /** How many items one list may have. Default 1000000. All that one evaluation makes may have four times as many. */
  readonly maxSequenceLength?: number;
  /**
   * How many characters one text may have that an evaluation makes. Default 10000000. All that one evaluation makes may
   * have four times as many.
   */
  readonly maxTextLength?: number;
}

export const defaultLimits = {
  timeoutMs: 1000,
  maxDepth: 50_000,
  maxSequenceLength: 1_000_000,
  maxTextLength: 10_000_000,
} as const satisfies Required<ExpressionLimits>;
