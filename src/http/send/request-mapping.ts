import type { Message } from '../../message/message.ts';
import type { CallerHeader } from '../auth/caller-header.ts';

/** The settings by which requests become messages, and what is known of their caller. */
export interface RequestMapping {
  /** Request headers, in lower case, that become message headers. */
  readonly forwardHeaders: Readonly<Record<string, string>>;
  /** The request header, in lower case, that keeps idempotency keys of several callers apart. */
  readonly idempotencyScopeHeader?: string | undefined;
  /** Keeps the idempotency keys of the caller apart from those of others. Default: all share one space. */
  readonly callerScope?: string | undefined;
  /** The message header that names the caller. Default: none. */
  readonly callerHeader?: CallerHeader | undefined;
  /** Returns the message with an id that an application is handling. Default: there is none. */
  readonly findParent?: ((id: string) => Message | undefined) | undefined;
}
