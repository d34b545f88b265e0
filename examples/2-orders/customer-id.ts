import { defineTypeConverter } from 'littoral';
import Type from 'typebox';

/** The id of a customer: `C-1024`. */
export class CustomerId {
  readonly value: string;

  constructor(value: string) {
    this.value = value;
  }

  toString(): string {
    return this.value;
  }
}

export const customerIdConverters = [
  defineTypeConverter({
    from: Type.String({ pattern: '^C-\\d+$' }),
    to: CustomerId,
    convert: (text) => new CustomerId(text),
  }),
  defineTypeConverter({ from: CustomerId, to: Type.String(), convert: String }),
];
