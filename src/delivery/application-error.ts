/** A message that the application has refused or could not handle: the error of its dead letter. */
export class ApplicationError extends Error {
  /** False if another attempt cannot help. */
  readonly retryable: boolean;
  /** A numeric code of the application's own; 0 where it gave none. */
  readonly code: number;

  /**
   * @param name the application's own code for the error. Default: `ApplicationError`
   */
  constructor(
    message: string,
    {
      retryable,
      name,
      code = 0,
      cause,
    }: { retryable: boolean; name?: string | undefined; code?: number; cause?: unknown },
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = name ?? 'ApplicationError';
    this.retryable = retryable;
    this.code = code;
    // The place in this process says nothing about an error of the application.
    this.stack = `${this.name}: ${message}`;
  }
}

/** An application that does not take messages at the moment. The message was not handled, and no attempt is counted. */
export class ApplicationAway extends Error {
  override readonly name = 'ApplicationAway';
}
