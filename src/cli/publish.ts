import { Command } from 'commander';
import { key } from './argument-values.ts';
import { runSend, type SendingOptions, withSendingOptions } from './run-send.ts';

export function publishCommand(): Command {
  const command = new Command('publish')
    .summary('publish an event')
    .description('Publish an event to every service that subscribes to it.')
    .argument('<routingKey>', "the event's name", key);
  return withSendingOptions(command).action(
    (routingKey: string, payload: string | undefined, options: SendingOptions) =>
      runSend(payload, options, (bus, { body, contentType, metadata, ...more }) =>
        bus.publishEvent(routingKey, body, contentType, metadata, more),
      ),
  );
}
