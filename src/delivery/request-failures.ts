/** A request of which nothing was written: the application has not seen it. */
export class NotReached extends Error {
  override readonly name = 'NotReached';
}

/** A request that was written, at least in part, and has no complete answer. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** True if it was given up because its time was over. */
  readonly isLate: boolean;

  constructor(message: string, options: { readonly isLate: boolean; readonly cause: unknown }) {
    super(message, { cause: options.cause });
    this.isLate = options.isLate;
  }
}
