import { createGateway } from '../../src/gateway/gateway.ts';
import { cpuMicroseconds, offer } from './forked-process.ts';

const tasks = {
  /** @returns the address of the gateway's HTTP server */
  async start(brokerUrl: string): Promise<string> {
    const config = { service: 'bench', broker: { url: brokerUrl }, http: { port: 0 }, logLevel: 'warn' };
    const gateway = createGateway(config, { environment: {}, consume: false });
    await gateway.start();
    return gateway.listen();
  },
  cpuMicroseconds,
};

export type GatewayTasks = typeof tasks;

offer(tasks);
