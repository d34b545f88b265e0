import { amqpFeatures } from '../../../src/engine/amqp/amqp-engine.ts';
import { useVhost } from '../../broker/use-vhost.ts';
import { engineContract } from '../engine-contract.ts';
import { amqpHarness } from './amqp-harness.ts';

const vhost = useVhost();

engineContract('the RabbitMQ engine', amqpFeatures, () => amqpHarness(vhost.url));
