import { useVhost } from '../../broker/use-vhost.ts';
import { channelContract } from '../channel-contract.ts';
import { amqpHarness } from './amqp-harness.ts';

const vhost = useVhost();

channelContract('the RabbitMQ channel', () => amqpHarness(vhost.url));
