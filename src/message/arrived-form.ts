import type { MessageHeaders } from './message-headers.ts';

/**
 * The form that a message had on the wire. Code that moves the message passes it on, so that every header keeps its
 * type. A message that was made in this process has none.
 */
export interface ArrivedForm {
  /** The headers as they were read. A header that still has this very value is written as it came. */
  readonly headers: MessageHeaders;
  /**
   * True if the message itself is moved, so that all of its properties stay. False: it inherits these headers alone.
   */
  readonly isWhole: boolean;
  /** The encoded properties. Only the channel that received them can read them. */
  readonly encoded: unknown;
}

/** The form of some headers, for a message that inherits them. */
export function formOfHeaders(arrived: ArrivedForm, headers: MessageHeaders): ArrivedForm {
  return { headers, isWhole: false, encoded: arrived.encoded };
}
