import type { Message } from '../message/message.ts';
import type { SendRequest } from './send-request.ts';

/** The tracing of sends, where it is on. */
export interface SendTracing {
  /**
   * Begins the span of a send.
   *
   * @param cause the message whose handler sends, where there is one
   */
  begin(request: SendRequest, cause: Message | undefined): SendSpan;
}

export interface SendSpan {
  /** The request, whose message carries the context of the span. */
  readonly request: SendRequest;
  /** Ends the span with the send. @returns the same promise */
  watch<Result>(sending: Promise<Result>): Promise<Result>;
  /** Ends the span of a message that is not sent. */
  fail(error: unknown): void;
}
