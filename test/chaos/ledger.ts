/** What was seen from outside: what was asked for, what was done, and what went wrong meanwhile. */
export interface Ledger {
  readonly sent: readonly SentMessage[];
  readonly calls: readonly HandlerCall[];
  readonly deadLetters: readonly DeadLetterSeen[];
  readonly faults: readonly ObservedFault[];
  /** The times at which bindings were missing. */
  readonly gaps: readonly BindingGap[];
  readonly setAside: readonly SetAside[];
}

/** One request, with all its repetitions. All times are milliseconds of `ledgerTime`. */
export interface SentMessage {
  /** Travels in a header and in the body. */
  readonly mark: string;
  readonly kind: string;
  /** Who is to handle it, once it is accepted. */
  readonly endpoints: readonly string[];
  /** The routing key of an event; undefined for other messages. */
  readonly eventKey?: string | undefined;
  /** Whether it is made to end in the dead letter queue, unhandled. */
  readonly unhandleable: boolean;
  readonly delayMs: number;
  /** The values in its body and headers that must arrive as they are. Undefined where it has none. */
  readonly exact?: string | undefined;
  /** True if only one of two versions handles it, so that the other defers it. Default: false. */
  readonly deferrable?: boolean;
  readonly attempts: RequestAttempt[];
}

/** How one HTTP request ended. */
export interface RequestAttempt {
  readonly sentAt: number;
  readonly answeredAt: number;
  /** Undefined where no answer came. */
  readonly status: number | undefined;
  /** Of the problem document, or of the socket. */
  readonly code?: string | undefined;
  readonly messageId?: string | undefined;
  /** `unknown` where no answer came, unless nothing can have been written. */
  readonly outcome: 'accepted' | 'not-accepted' | 'unknown';
}

/** One call of a handler. */
export interface HandlerCall {
  /** From the header. */
  readonly mark: string;
  /** From the body. */
  readonly bodyMark: string;
  readonly messageId: string;
  /** The values in the body and the headers as the handler was given them. */
  readonly exact?: string | undefined;
  readonly endpoint: string;
  /** How many delayed retries came before it. */
  readonly retry: number;
  readonly process: number;
  readonly begunAt: number;
  /** Undefined where its process did not live to see it. */
  readonly endedAt?: number | undefined;
  readonly outcome: 'begun' | 'succeeded' | 'failed';
}

export interface DeadLetterSeen {
  readonly queue: string;
  readonly mark: string;
  readonly messageId: string;
  /** The values in the body and the headers. Absent if the body has none. */
  readonly exact?: string | undefined;
  /** Absent where no handler was found, or where the broker moved it. */
  readonly endpoint?: string | undefined;
  readonly reason: string;
}

/** From when on until when something was wrong, recovery included. */
export interface ObservedFault {
  readonly kind: string;
  readonly target: string;
  readonly from: number;
  readonly until: number;
}

/** The time in which RabbitMQ may have routed events without a binding of a service's queue to the bus. */
export interface BindingGap {
  readonly service: string;
  /** The key of the binding: a pattern. */
  readonly key: string;
  readonly from: number;
  readonly until: number;
}

/** A dead letter that its queue did not take, so that it was set aside. */
export interface SetAside {
  readonly messageId: string;
  readonly at: number;
}

/** Milliseconds on a clock that all processes of this machine share, and that nobody sets. */
export function ledgerTime(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}
