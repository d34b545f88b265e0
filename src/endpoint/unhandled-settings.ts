/** What becomes of messages for this service that no handler of this process takes. */
export interface UnhandledSettings {
  /** For how long a message is deferred, in milliseconds, counted from its first delivery without a handler. */
  readonly graceMs: number;
  /** What becomes of an event after that. */
  readonly afterGrace: 'dead-letter' | 'ignore';
  /**
   * Whether what names one handler (a command, a message for a channel, a retry) is deferred: `auto`, while the queue
   * has other consumers.
   */
  readonly commands: 'auto' | 'defer' | 'dead-letter';
}
