import { useVhost } from '../../broker/use-vhost.ts';
import { engineContract } from '../engine-contract.ts';
import { amqpHarness } from './amqp-harness.ts';

const vhost = useVhost();

engineContract('the RabbitMQ channel', () => amqpHarness(vhost.url));
