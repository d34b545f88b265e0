import { defineCommandHandler, defineEventHandler, header, payload, reference } from 'littoral';
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
  parameters: {
    command: payload(ChangeBillingDetails),
    people: reference(),
    distributedBus: reference(),
  },
  async handle({ command: { personId, billingDetails }, people, distributedBus }) {
    people.changeBillingDetails(personId, billingDetails);
    await distributedBus.convertAndPublishEvent('billing.detailsWereChanged', { personId });
  },
});

export const detailsWereChanged = defineEventHandler({
  routingKey: 'billing.detailsWereChanged',
  distributed: true,
  parameters: {
    event: payload(BillingDetailsWereChanged),
    executorId: header('executorId', Type.String(), { default: 'somebody' }),
  },
  handle({ event: { personId }, executorId }) {
    console.log(`billing: ${executorId} changed the details of person ${personId}`);
  },
});
