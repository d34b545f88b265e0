import { asFunction } from 'awilix';
import Type from 'typebox';
import { createGateway } from '../../src/gateway/gateway.ts';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';
import { header } from '../../src/parameter/header.ts';
import { type ParameterConverter, parameterConverter } from '../../src/parameter/parameter-converter.ts';
import { payload } from '../../src/parameter/payload.ts';
import type { RegisterServices } from '../../src/scope/service-container.ts';
import { ChangeDetails } from './change-details.ts';
import { service } from './destination.ts';
import { type Drain, DrainMeter } from './drain-meter.ts';
import { offer } from './forked-process.ts';

/** The parameters of the one handler, by the name of the subject. */
const parameters = {
  gateway: [payload(ChangeDetails)],
  'scope and expressions': [
    payload(ChangeDetails),
    parameterConverter(
      'scoped service',
      () =>
        ({ services }) =>
          services.resolve('unitOfWork'),
    ),
    payload(Type.Number(), { expression: 'payload.billing.dueInDays * 2' }),
    header('ecotone.distributed.routingKey', Type.String(), { expression: "value & '-' & payload.personId" }),
  ],
} satisfies Record<string, readonly ParameterConverter[]>;

export type HandlerKind = keyof typeof parameters;

const tasks = {
  /** Takes so many messages with a gateway that has one handler. */
  async drain(brokerUrl: string, kind: HandlerKind, amount: number, concurrency: number): Promise<Drain> {
    const meter = new DrainMeter(amount);
    const handler = defineCommandHandler({
      routingKey: 'billing.changeDetails',
      distributed: true,
      parameters: parameters[kind],
      handle: async () => meter.count(),
    });
    const config = { service, broker: { url: brokerUrl }, concurrency, handlers: [handler], logLevel: 'warn' };
    const container: RegisterServices = (all) =>
      all.register({
        unitOfWork: asFunction(() => ({}))
          .scoped()
          .disposer(() => {}),
      });
    const gateway = createGateway({ ...config, container }, { environment: {} });
    await gateway.start();
    const drain = await meter.finished;
    await gateway.stop();
    return drain;
  },
};

export type GatewayConsumerTasks = typeof tasks;

offer(tasks);
