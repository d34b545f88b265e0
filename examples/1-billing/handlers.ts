import { defineCommandHandler, defineEventHandler } from 'littoral';
import Type from 'typebox';

const ChangeBillingDetails = Type.Object({
  personId: Type.String(),
  billingDetails: Type.String(),
});

const BillingDetailsWereChanged = Type.Object({
  personId: Type.String(),
});

export const changeBillingDetails = defineCommandHandler({
  routingKey: 'billing.changeDetails',
  distributed: true,
  payload: ChangeBillingDetails,
  handle({ personId, billingDetails }) {
    console.log(`billing: person ${personId} now has the billing details ${billingDetails}`);
  },
});

export const detailsWereChanged = defineEventHandler({
  routingKey: 'billing.detailsWereChanged',
  distributed: true,
  payload: BillingDetailsWereChanged,
  handle({ personId }, { executorId = 'somebody' }) {
    console.log(`billing: ${executorId} changed the details of person ${personId}`);
  },
});
