import { defineConfig } from 'littoral';
import { csvConverter } from './csv.ts';
import { customerIdConverters } from './customer-id.ts';
import { moneyConverters } from './money.ts';
import { registerServices } from './services.ts';

export default defineConfig({
  service: 'orders',
  handlers: './handlers/*.ts',
  container: registerServices,
  configuration: { currency: 'EUR', memberDiscount: 0.1 },
  converters: [...moneyConverters, ...customerIdConverters, csvConverter],
});
