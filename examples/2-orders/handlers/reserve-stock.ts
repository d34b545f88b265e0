import { defineCommandHandler } from 'littoral';
import Type from 'typebox';
import { Item } from '../messages.ts';

const itemsPerParcel = 10;

/** Reached from this process alone; what it returns is what the sender gets. */
export const reserveStock = defineCommandHandler({
  routingKey: 'stock.reserve',
  payload: Type.Array(Item),
  handle: (items) => Math.ceil(items.reduce((sum, { quantity }) => sum + quantity, 0) / itemsPerParcel),
});
