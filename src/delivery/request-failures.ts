/** A request that was not written at all, so the application has not received any of it. */
export class NotReached extends Error {
  override readonly name = 'NotReached';
  /** True if the request waited for a connection for as long as it may take. */
  readonly isLate: boolean;

  constructor(message: string, { isLate = false, cause }: { readonly isLate?: boolean; readonly cause: unknown }) {
    super(message, { cause });
    this.isLate = isLate;
  }
}

/** A request that was written at least in part, and got no complete answer. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** True if the request timed out. */
  readonly isLate: boolean;
  /**
   * True if the connection had brought an answer before, and ended without a byte for this request: servers close
   * connections that they take for idle (RFC 9112 section 9.5).
   */
  readonly isOfIdleConnection: boolean;

  constructor(
    message: string,
    options: { readonly isLate: boolean; readonly isOfIdleConnection?: boolean; readonly cause: unknown },
  ) {
    super(message, { cause: options.cause });
    this.isLate = options.isLate;
    this.isOfIdleConnection = options.isOfIdleConnection ?? false;
  }
}
