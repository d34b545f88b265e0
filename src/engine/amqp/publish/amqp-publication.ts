import type { Address, ImmediatePublication } from '../../publication.ts';
import type { Route } from './publish-refusal.ts';

/** A publication to any exchange, not only to the bus. */
export interface AmqpPublication extends Omit<ImmediatePublication, 'to'> {
  readonly to: Address | Route;
}
