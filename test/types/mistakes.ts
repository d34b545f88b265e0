/** A mistake that an author of handlers is likely to make. */
export interface Mistake {
  readonly code: string;
  /** Components of the error, the same for all compilers. The order of a union's members is not. */
  readonly error: readonly string[];
}

/** What each mistake is made in. */
export const beforeMistake = `
import {
  configurationVariable, defineCommandHandler, defineConfig, defineEventHandler, defineTypeConverter, header, headers,
  payload, reference,
} from 'littoral';
import Type from 'typebox';

declare module 'littoral' {
  interface References {
    prices: { of(sku: string): number };
  }
}
const Change = Type.Object({ personId: Type.String(), amount: Type.Integer() });
const routingKey = 'billing.change';
`;

const services = ['commandBus', 'distributedBus', 'eventBus', 'logger', 'message', 'prices'].map((name) => `"${name}"`);

export const mistakes: Readonly<Record<string, Mistake>> = {
  'an option misspelt, beside a payload': {
    code: 'defineCommandHandler({ routingKey, distrbuted: true, payload: Change, handle: (change) => change.amount });',
    error: [
      "'distrbuted' does not exist in type 'Definition<TObject<{ personId: TString; amount: TInteger; }>, never, number>'. Did you mean to write 'distributed'?",
    ],
  },
  'an option misspelt, beside parameters': {
    code: 'defineEventHandler({ routingKey, distrbuted: true, parameters: { all: headers() }, handle: () => {} });',
    error: ["Did you mean to write 'distributed'?"],
  },
  'an option of a header misspelt': {
    code: "header('attempt', Type.Integer(), { defualt: 3 });",
    error: ["'defualt' does not exist in type 'HeaderOptions<never, Expression>'. Did you mean to write 'default'?"],
  },
  'a payload of another type': {
    code: 'defineCommandHandler({ routingKey, payload: Change, handle: (change: { personId: number }) => change });',
    error: [
      "Types of property 'personId' are incompatible.\n        Type 'string' is not assignable to type 'number'.",
    ],
  },
  'an argument by name of another type': {
    code: "defineCommandHandler({ routingKey, parameters: { attempt: header('attempt', Type.Integer()) }, handle: ({ attempt }: { attempt: string }) => attempt });",
    error: ["Types of property 'attempt' are incompatible.\n        Type 'number' is not assignable to type 'string'."],
  },
  'an argument by position of another type': {
    code: 'defineCommandHandler({ routingKey, parameters: [payload(Change), headers()], handle: (change, all: string) => [change, all] });',
    error: ["Types of parameters 'all' and 'parameters_1' are incompatible."],
  },
  'a field of the payload misspelt': {
    code: 'defineCommandHandler({ routingKey, payload: Change, handle: (change) => change.personID });',
    error: ["Property 'personID' does not exist on type '{ ", "Did you mean 'personId'?"],
  },
  'a parameter misspelt': {
    code: 'defineCommandHandler({ routingKey, parameters: { change: payload(Change) }, handle: ({ chnage }) => chnage });',
    error: ["Property 'chnage' does not exist on type '{ change: "],
  },
  'handle forgotten, beside a payload': {
    code: 'defineCommandHandler({ routingKey, payload: Change });',
    error: ["Property 'handle' is missing in type"],
  },
  'handle forgotten, beside parameters': {
    code: 'defineEventHandler({ routingKey, parameters: [payload(Change)] });',
    error: ["Property 'handle' is missing in type"],
  },
  'a fourth default parameter': {
    code: 'defineCommandHandler({ routingKey, payload: Change, handle: (change, headers, services, signal) => signal });',
    error: ['Target signature provides too few arguments. Expected 4 or more, but got 3.'],
  },
  'a fourth default parameter, without a type': {
    code: 'defineCommandHandler({ routingKey, handle: (change, headers, services, signal) => signal });',
    error: ['Target signature provides too few arguments. Expected 4 or more, but got 3.'],
  },
  'a default of a header that is of another type': {
    code: "header('attempt', Type.Integer(), { default: 'three' });",
    error: ["Type 'string' is not assignable to type 'number'."],
  },
  'a default of a configuration variable that is of another type': {
    code: "configurationVariable('limit', Type.Integer(), { default: 'three' });",
    error: ["Type 'string' is not assignable to type 'number'."],
  },
  'a service that is not declared': {
    code: "reference('nosuch');",
    error: [`Argument of type '"nosuch"' is not assignable to parameter of type '`, ...services],
  },
  'a service that is not declared, for an expression': {
    code: "reference('nosuch', { expression: 'service.of(payload.sku)' });",
    error: [`Argument of type '"nosuch"' is not assignable to parameter of type '`, ...services],
  },
  'a key that is no service': {
    code: 'defineCommandHandler({ routingKey, parameters: { nosuch: reference() }, handle: ({ nosuch }) => nosuch });',
    error: [`is not assignable to type '["There is no service 'nosuch' in References. There are:", "`, ...services],
  },
  'serviceName for service': {
    code: "defineConfig({ serviceName: 'billing' });",
    error: ["Object literal may only specify known properties, and 'serviceName' does not exist in type 'Config'."],
  },
  'payload beside parameters': {
    code: 'defineCommandHandler({ routingKey, payload: Change, parameters: { all: headers() }, handle: ({ all }) => all });',
    error: [`is not assignable to type '"With parameters, write payload(…) among them in place of this property"'.`],
  },
  'payload beside a list of parameters': {
    code: 'defineEventHandler({ routingKey, payload: Change, parameters: [headers()], handle: (all) => all });',
    error: [`is not assignable to type '"With parameters, write payload(…) among them in place of this property"'.`],
  },
  'a payload that is no type': {
    code: "defineCommandHandler({ routingKey, payload: 'hello', handle: () => {} });",
    error: ["Type 'string' is not assignable to type 'TargetType | undefined'."],
  },
  'a schema in place of a parameter converter': {
    code: 'defineCommandHandler({ routingKey, parameters: { change: Change }, handle: () => {} });',
    error: [
      `is not assignable to type '"This is no parameter converter. Write one, such as payload(…) or header(…)"'.`,
    ],
  },
  'a parameter converter that is not called': {
    code: 'defineCommandHandler({ routingKey, parameters: [payload], handle: () => {} });',
    error: [
      `is not assignable to type '"This is no parameter converter. Write one, such as payload(…) or header(…)"'.`,
    ],
  },
  'an argument of a type converter of another type': {
    code: 'defineTypeConverter({ from: Type.String(), to: Type.Integer(), convert: (text: number) => text });',
    error: [
      "Types of parameters 'text' and 'value' are incompatible.\n    Type 'string' is not assignable to type 'number'.",
    ],
  },
  'a result of a type converter of another type': {
    code: 'defineTypeConverter({ from: Type.String(), to: Type.Integer(), convert: (text) => text });',
    error: ["Type 'string' is not assignable to type 'number'."],
  },
};
