import { createGateway, type Gateway } from '../../src/gateway/gateway.ts';
import { service } from './destination.ts';
import { cpuMicroseconds, offer } from './forked-process.ts';
import type { PushTasks } from './hand-written-push.ts';

let gateway: Gateway;

const tasks: PushTasks = {
  async start(brokerUrl, url, concurrency) {
    const application = { url, commands: ['billing.changeDetails'] };
    const config = { service, broker: { url: brokerUrl }, concurrency, application, logLevel: 'warn' };
    gateway = createGateway(config, { environment: {} });
    await gateway.start();
  },
  stop: () => gateway.stop(),
  cpuMicroseconds,
};

offer(tasks);
