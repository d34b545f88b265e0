import { defineCommandHandler, payload, reference } from 'littoral';
import Type from 'typebox';
import { ChangePrice } from '../messages.ts';

export const changePrices = defineCommandHandler({
  routingKey: 'prices.change',
  distributed: true,
  contentType: 'text/csv',
  parameters: [payload(Type.Array(ChangePrice)), reference('priceList'), reference('auditTrail')],
  handle(changes, priceList, auditTrail) {
    for (const { sku, price } of changes) {
      priceList.change(sku, price);
      auditTrail.note(`${sku} costs ${price}`);
    }
  },
});
