import { defineCommandHandler } from 'littoral';
import Type from 'typebox';
import { Item } from '../messages.ts';

const itemsPerParcel = 10;

/** Reachable within this process only. The sender gets its result. */
export const reserveStock = defineCommandHandler({
  routingKey: 'stock.reserve',
  payload: Type.Array(Item),
  handle: (items) => Math.ceil(items.reduce((sum, { quantity }) => sum + quantity, 0) / itemsPerParcel),
});
