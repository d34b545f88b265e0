import { randomUUID } from 'node:crypto';
import { connect } from 'amqplib';
import Fastify from 'fastify';
import { busExchange } from '../../src/engine/broker/bus-exchange.ts';
import { cpuMicroseconds, offer } from './forked-process.ts';

const tasks = {
  /**
   * @returns the address of an HTTP server that publishes the body with the headers of the bus, as one would write it
   * by hand, and answers when it is confirmed. It checks nothing
   */
  async start(brokerUrl: string): Promise<string> {
    const model = await connect(brokerUrl, { noDelay: true });
    const channel = await model.createConfirmChannel();
    const app = Fastify();
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.post<{ Params: { destination: string; routingKey: string }; Body: Buffer }>(
      '/commands/:destination/:routingKey',
      (request, reply) => {
        const { destination, routingKey } = request.params;
        const id = randomUUID();
        const timestamp = Math.floor(Date.now() / 1000);
        const contentType = request.headers['content-type'] ?? '';
        const headers = {
          id,
          correlationId: id,
          timestamp,
          contentType,
          polledChannelName: 'distributed_bench',
          'ecotone.distributed.payloadType': 'command',
          'ecotone.distributed.routingKey': routingKey,
          'ecotone.distributed.targetServiceName': destination,
          'ecotone.distributed.sourceServiceName': 'bench',
          'ecotone.amqp.distributed.service_target': destination,
        };
        const options = { headers, contentType, messageId: id, correlationId: id, timestamp, appId: 'bench' };
        channel.publish(
          busExchange,
          destination,
          request.body,
          { ...options, type: routingKey, persistent: true, mandatory: true },
          (error) => {
            if (error) reply.code(503).send({ error: 'not confirmed' });
            else reply.code(202).send({ messageId: id, correlationId: id, routed: true, channel: 'rabbitmq' });
          },
        );
      },
    );
    return app.listen({ host: '127.0.0.1', port: 0 });
  },
  cpuMicroseconds,
};

export type HandWrittenTasks = typeof tasks;

offer(tasks);
