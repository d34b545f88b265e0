import { defineConfig } from 'littoral';
import { changeBillingDetails, detailsWereChanged } from './handlers.ts';

export default defineConfig({
  service: 'billing',
  handlers: [changeBillingDetails, detailsWereChanged],
});
