import type { SendRequest } from '../../bus/send-request.ts';
import type { LittoralError } from '../../errors.ts';

/** The messages of a batch: for each entry a message to send, or the reason why it cannot be sent. */
export interface Batch {
  readonly entries: readonly (SendRequest | LittoralError)[];
  /** The index of the first entry in the answer. Default: 0. */
  readonly firstIndex?: number;
  /** Returns a JSON Pointer to an entry of the body. Default: errors have no pointers. */
  readonly placeOf?: (index: number) => string;
}
