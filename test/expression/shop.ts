import { deepFrozen } from './evaluate.ts';

export class CalculatingService {
  readonly #name = 'calculator';

  multiply(a: number, b: number): number {
    if (this.#name !== 'calculator') throw new Error('unreachable');
    return a * b;
  }
}

export class Prices {
  readonly currency = 'EUR';
  readonly asked: unknown[] = [];

  of(sku: string, factor = 1): number | undefined {
    this.asked.push(sku);
    return ({ apple: 2, pear: 3 } as Record<string, number>)[sku]! * factor;
  }

  async later(sku: string): Promise<number | undefined> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.of(sku);
  }

  echo(...values: unknown[]): unknown {
    return values.length === 1 ? values[0] : values;
  }
}

export const order = deepFrozen({
  id: 'o-1',
  value: 'of the order',
  items: [
    { sku: 'apple', quantity: 2, value: 1, payload: 'own payload', headers: 'own headers' },
    { sku: 'pear', quantity: 5, value: 9, payload: 'own payload', headers: 'own headers' },
  ],
});
