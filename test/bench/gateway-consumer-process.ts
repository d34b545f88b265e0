import { createGateway } from '../../src/gateway.ts';
import { defineCommandHandler } from '../../src/handler/define-handler.ts';
import { payload } from '../../src/parameter/payload.ts';
import { ChangeDetails } from './change-details.ts';
import { service } from './destination.ts';
import { type Drain, DrainMeter } from './drain-meter.ts';
import { offer } from './forked-process.ts';

/** The parameters of the one handler, by the name of the subject. */
const parameters = {
  gateway: [payload(ChangeDetails)],
} as const;

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
    const gateway = createGateway(config, { environment: {} });
    await gateway.start();
    const drain = await meter.finished;
    await gateway.stop();
    return drain;
  },
};

export type GatewayConsumerTasks = typeof tasks;

offer(tasks);
