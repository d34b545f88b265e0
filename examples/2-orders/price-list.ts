import { Money } from './money.ts';

/** The prices of products, in the currency of the shop. */
export class PriceList {
  readonly #prices = new Map([
    ['lamp', new Money(2000, 'EUR')],
    ['pen', new Money(150, 'EUR')],
  ]);

  centsOf(sku: string): number {
    const price = this.#prices.get(sku);
    if (price) return price.cents;
    throw new Error(`'${sku}' has no price`);
  }

  change(sku: string, price: Money): void {
    this.#prices.set(sku, price);
  }
}
