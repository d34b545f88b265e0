import { Command } from 'commander';
import { runSend, type SendingOptions, withSendingOptions } from './run-send.ts';

export function sendCommand(): Command {
  const command = new Command('send')
    .summary('send a command to a service')
    .description('Send a command to the one service that handles it.')
    .argument('<destination>', "the service's name")
    .argument('<routingKey>', "the command's name");
  return withSendingOptions(command).action(
    (destination: string, routingKey: string, payload: string | undefined, options: SendingOptions) =>
      runSend(payload, options, (bus, { body, contentType, metadata, ...more }) =>
        bus.sendCommand(destination, routingKey, body, contentType, metadata, more),
      ),
  );
}
