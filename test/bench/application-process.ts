import Fastify from 'fastify';
import { DrainMeter } from './drain-meter.ts';
import { offer } from './forked-process.ts';

let meter = new DrainMeter(Number.POSITIVE_INFINITY);

const tasks = {
  /** @returns the address of an application that reads each request, and answers 204 */
  async start(): Promise<string> {
    const app = Fastify();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.post('/commands/:routingKey', async (_request, reply) => {
      meter.count();
      return reply.code(204).send();
    });
    return app.listen({ host: '127.0.0.1', port: 0 });
  },

  /** Counts from now on. @param skipped number of requests before those that are measured */
  expect(amount: number, skipped: number): void {
    meter = new DrainMeter(amount, skipped);
  },

  /** Resolves once the requests have come that are not measured. */
  warm(): Promise<void> {
    return meter.warm;
  },

  /** @returns the requests in a second, once the last of the expected ones has come */
  async perSecond(): Promise<number> {
    return (await meter.finished).perSecond;
  },
};

export type ApplicationTasks = typeof tasks;

offer(tasks);
