import { Command } from 'commander';
import { type SendingOptions, sendAndEnd, withSendingOptions } from './sending.ts';

export function publishCommand(): Command {
  const command = new Command('publish')
    .summary('publish an event')
    .description('Publish an event to every service that subscribes to it.')
    .argument('<routingKey>', "the event's name");
  return withSendingOptions(command).action(
    (routingKey: string, payload: string | undefined, options: SendingOptions) =>
      sendAndEnd(payload, options, (bus, { body, contentType, metadata, ...more }) =>
        bus.publishEvent(routingKey, body, contentType, metadata, more),
      ),
  );
}
