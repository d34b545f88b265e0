import Fastify from 'fastify';
import { cpuMicroseconds, offer } from './forked-process.ts';

const tasks = {
  /** @returns the address of an HTTP server that parses the body, and answers */
  async start(): Promise<string> {
    const app = Fastify();
    app.post('/commands/:destination/:routingKey', async (_request, reply) => reply.code(202).send({ accepted: true }));
    return app.listen({ host: '127.0.0.1', port: 0 });
  },
  cpuMicroseconds,
};

export type BareFastifyTasks = typeof tasks;

offer(tasks);
