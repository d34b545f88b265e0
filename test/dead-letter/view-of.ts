import { DeadLetterView } from '../../src/dead-letter/dead-letter-view.ts';
import { readXDeath } from '../../src/engine/broker/read-broker-notes.ts';
import type { TransportMessage } from '../../src/message/transport-message.ts';

/** Returns the view of a dead letter whose headers hold the notes of the broker. */
export function viewOf(message: TransportMessage): DeadLetterView {
  return new DeadLetterView({ message, death: readXDeath(message.headers) });
}
