import { asClass } from 'awilix';
import { defineConfig } from 'littoral';
import { changeBillingDetails, detailsWereChanged } from './handlers.ts';
import { People } from './people.ts';

export default defineConfig({
  service: 'billing',
  handlers: [changeBillingDetails, detailsWereChanged],
  container: (container) => container.register({ people: asClass(People).singleton() }),
});
