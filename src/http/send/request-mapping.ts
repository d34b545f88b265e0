import type { Message } from '../../message/message.ts';
import type { CallerHeader } from '../auth/caller-header.ts';

/** The settings for the conversion of requests into messages, and the properties of the caller. */
export interface RequestMapping {
  /** Request headers, in lower case, that become message headers. */
  readonly forwardHeaders: Readonly<Record<string, string>>;
  /** The request header, in lower case, whose value separates the idempotency keys of several callers. */
  readonly idempotencyScopeHeader?: string | undefined;
  /** Separates the idempotency keys of the caller from those of other callers. Default: all callers share them. */
  readonly callerScope?: string | undefined;
  /** The message header that names the caller. Default: none. */
  readonly callerHeader?: CallerHeader | undefined;
  /** Returns the message with an id that an application is handling. Default: there is none. */
  readonly findParent?: ((id: string) => Message | undefined) | undefined;
}
