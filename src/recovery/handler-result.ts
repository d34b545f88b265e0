import type { RegisteredHandler } from '../handler/handler-registry.ts';
import type { Failure } from './dead-letter.ts';

/** A handler that finished. */
export interface HandledResult {
  readonly kind: 'handled';
  readonly endpointId: string;
  /** The value that it returned. Only tests and the log read it. */
  readonly value: unknown;
}

/** A handler that failed, or a message that failed before one was found. */
export interface HandlerFailure {
  readonly kind: 'failed';
  readonly error: unknown;
  /** The handler, whose retries apply; absent where the message failed before one was found. */
  readonly handler?: RegisteredHandler | undefined;
  /** The handler that failed, or that the message names. */
  readonly endpointId?: string | undefined;
  /** Number of calls of the handler, with those of earlier deliveries. Default: 0. */
  readonly attempts?: number | undefined;
  /** The call, where it goes on beyond its deadline. It never rejects. */
  readonly running?: PromiseLike<unknown>;
}

/** A handler outside of this process that was not called, because its application was away. That is no failure. */
export interface NotCalledResult {
  readonly kind: 'not called';
  readonly error: Error;
  readonly endpointId: string;
  /** Number of calls of the handler by earlier deliveries. */
  readonly attempts: number;
  /**
   * True if the message is published again, for this handler alone, so that it does not stop others. Otherwise it is
   * requeued in its order.
   */
  readonly isMoved: boolean;
}

/** The result of one handler for a message. */
export type HandlerResult =
  | HandledResult
  | HandlerFailure
  | NotCalledResult
  /** It handled a copy of the message before, and was not called. */
  | { readonly kind: 'duplicate' }
  /** The shutdown ended it, or its last attempts. That is no failure: the message is requeued. */
  | { readonly kind: 'interrupted' };

/** The result of a message that has no handler in this process. */
export type UnhandledResult =
  | HandlerFailure
  | { readonly kind: 'deferred'; readonly failure: Failure }
  /** An event whose grace period is over. */
  | { readonly kind: 'ignored' }
  /** The message is requeued for another consumer. */
  | { readonly kind: 'left in the queue' };

export type DeliveryResult = HandlerResult | UnhandledResult;
