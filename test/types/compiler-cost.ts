const imports = `
import { defineCommandHandler, defineEventHandler, defineTypeConverter, header, payload, reference } from 'littoral';
import Type from 'typebox';
`;

function repeat(count: number, code: (index: number) => string): string {
  return [imports, ...Array.from({ length: count }, (_, index) => code(index))].join('\n');
}

const order = (index: number) => `
const Order${index} = Type.Object({
  id: Type.String(), amount: Type.Integer(), tags: Type.Array(Type.String()), note${index}: Type.Optional(Type.String()),
});`;

/** What a service of some size declares. */
export const declarations: Readonly<Record<string, string>> = {
  'handlers-with-a-payload': repeat(
    20,
    (index) => `${order(index)}
export const handler${index} = define${index % 2 ? 'Command' : 'Event'}Handler({
  routingKey: 'order.${index}',
  payload: Order${index},
  handle: ({ id, amount, tags }, { executorId }, { logger }) => logger.info({ id, amount, tags }, String(executorId)),
});`,
  ),
  'handlers-with-parameters': repeat(
    20,
    (index) => `${order(index)}
export const handler${index} = defineCommandHandler({
  routingKey: 'order.${index}',
  parameters: {
    order: payload(Order${index}),
    attempt: header('attempt', Type.Integer(), { default: 1 }),
    executor: header('executorId', Type.Optional(Type.String())),
    logger: reference(),
    bus: reference('distributedBus'),
    computed: payload({ expression: ({ payload }) => Number(payload.amount) }),
  },
  handle: ({ order, attempt, executor, logger, bus, computed }) => {
    logger.info({ order, attempt, executor, computed }, 'handled');
    return bus.publishEvent('order.handled', order.id);
  },
});`,
  ),
  'type-converters': repeat(
    10,
    (index) => `
class Id${index} { constructor(readonly value${index}: string) {} }
const Place${index} = Type.Object({ lat: Type.Number(), lon: Type.Number(), names${index}: Type.Array(Type.String()) });
export const reads${index} = defineTypeConverter({
  from: Place${index}, to: Id${index}, convert: ({ lat, lon }) => new Id${index}(String(lat + lon)),
});
export const writes${index} = defineTypeConverter({
  from: Id${index}, to: Type.String(), convert: ({ value${index} }) => value${index},
});`,
  ),
};
