import type { Address, PromptPublication } from '../../message-channel.ts';
import type { Route } from './publish-refusal.ts';

/** A publication to any exchange, not only to the bus. */
export interface AmqpPublication extends Omit<PromptPublication, 'to'> {
  readonly to: Address | Route;
}
