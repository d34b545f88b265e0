import type { Delivery } from '../channel/message-channel.ts';

/** What became of a delivery. What failed is a dead letter, or comes again where it could not be moved there. */
export type DeliveryOutcome = 'handled' | 'not for this service' | 'dead letter' | 'given back';

/** Asynchronous. Calls `handle` once, which resolves when the delivery has been settled, and gives what that gives. */
export type AroundDelivery = (delivery: Delivery, handle: () => Promise<DeliveryOutcome>) => Promise<DeliveryOutcome>;
