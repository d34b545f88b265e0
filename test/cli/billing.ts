import { createGateway } from '../../src/gateway/gateway.ts';
import { deadLetterQueue, serviceQueue } from '../../src/wire/service-queue.ts';
import type { Vhost } from '../broker/vhost.ts';
import { folderOf } from '../folder-of.ts';
import { quietLogger } from '../logs/quiet-logger.ts';
import { entry, littoral } from './littoral.ts';

const queue = serviceQueue('billing');

/** A configuration of the service `billing`, which handles the command `work` as its text says, and the event `done`. */
function configFile(concurrency: number): string {
  return `
    import { setTimeout } from 'node:timers/promises';
    import { asFunction } from ${JSON.stringify(import.meta.resolve('awilix'))};
    import { defineCommandHandler, defineEventHandler, reference } from ${entry};

    const work = defineCommandHandler({
      routingKey: 'work',
      distributed: true,
      async handle(text) {
        if (text === 'poison') process.kill(process.pid, 'SIGKILL');
        if (text === 'fail') throw new Error('of the handler');
        if (text === 'wait') await setTimeout(1000, console.log('waits'));
        console.log('handled', text);
      },
    });
    const done = defineEventHandler({
      routingKey: 'done',
      distributed: true,
      parameters: [reference('journal')],
      handle: (journal) => journal.write('done'),
    });
    const openJournal = () => ({ write: console.log });
    export default {
      service: 'billing',
      concurrency: ${concurrency},
      retries: { maxAttempts: 0 },
      broker: { confirmTimeoutMs: 60_000 },
      handlers: [work, done],
      container: (container) =>
        container.register({
          journal: asFunction(openJournal).singleton().disposer(() => console.log('the journal is closed')),
        }),
    };
  `;
}

/** The service `billing` on a broker, to be run by the command line. */
export function billing(vhost: Vhost, concurrency = 4) {
  const cwd = folderOf({ 'littoral.config.mjs': configFile(concurrency) });
  const environment = { AMQP_URL: vhost.url };
  return {
    cwd,
    littoral: (...args: string[]) => littoral(args, { cwd, environment }),
    littoralReading: (input: string | Uint8Array, ...args: string[]) => littoral(args, { cwd, environment, input }),
    /** How many messages wait for the service. */
    waiting: () => vhost.messages(queue),
    deadLetters: () => vhost.messages(deadLetterQueue('billing')),
    /** Declares the queues of the service, as its first start does, and fills its queue with these. */
    async fill(...texts: string[]): Promise<void> {
      const config = { service: 'billing', channel: 'rabbitmq' as const, broker: { url: vhost.url } };
      const gateway = createGateway(config, { environment: {}, logger: quietLogger() });
      const declared = gateway.channel.subscribe({
        queue,
        deadLetterQueue: deadLetterQueue('billing'),
        bindingKeys: ['billing', 'done'],
        prefetch: 1,
        onDelivery: (delivery) => delivery.release(),
      });
      await gateway.channel.start();
      await declared.stop();
      for (const text of texts) await gateway.distributedBus.sendCommand('billing', 'work', text);
      await gateway.stop();
    },
    /** Empties both queues. */
    async empty(): Promise<void> {
      await vhost.deleteQueue(queue);
      await vhost.deleteQueue(deadLetterQueue('billing'));
    },
  };
}

export function times(count: number, text = 'ok'): string[] {
  return Array.from({ length: count }, () => text);
}

/** The lines of a log, parsed; what handlers write aside. */
export function logLines(stdout: string): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}
