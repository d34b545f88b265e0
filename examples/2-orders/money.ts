import { defineTypeConverter } from 'littoral';
import Type from 'typebox';

/** An amount of money. It travels as text: `12.50 EUR`. */
export class Money {
  readonly cents: number;
  readonly currency: string;

  constructor(cents: number, currency: string) {
    this.cents = cents;
    this.currency = currency;
  }

  toString(): string {
    return `${(this.cents / 100).toFixed(2)} ${this.currency}`;
  }
}

export const moneyConverters = [
  defineTypeConverter({
    from: Type.String({ pattern: '^\\d{1,12}\\.\\d\\d [A-Z]{3}$' }),
    to: Money,
    convert(text) {
      const [amount = '', currency = ''] = text.split(' ');
      return new Money(Number(amount.replace('.', '')), currency);
    },
  }),
  defineTypeConverter({ from: Money, to: Type.String(), convert: String }),
];
