import type { Command } from 'commander';
import type { DistributedBus } from '../bus/distributed-bus.ts';
import type { SendOptions } from '../bus/send-options.ts';
import type { SendReceipt } from '../bus/send-receipt.ts';
import { type ErrorCode, isLittoralError } from '../errors.ts';
import { longestDelayMs, maxPriority, maxTimeToLiveMs } from '../message/limits.ts';
import { errorText } from '../text/error-chain.ts';
import { correlationId, mediaType, messageId } from './argument-values.ts';
import { assertBroker } from './assert-broker.ts';
import { configOption } from './config-option.ts';
import { exitCode } from './exit-code.ts';
import { type HeaderArguments, headerArgument } from './header-option.ts';
import { integer } from './integer.ts';
import { loadComponents } from './load-components.ts';
import { exitProcess, report } from './output.ts';
import { guessMediaType, readPayload } from './payload-argument.ts';
import { printable } from './printable.ts';
import { withChannel } from './with-channel.ts';

/** The options of the commands that send. */
export interface SendingOptions extends Omit<SendOptions, 'deliveryDelay'> {
  /** The delivery delay in milliseconds. */
  readonly delay?: number;
  readonly config?: string;
  readonly header?: HeaderArguments;
  readonly contentType?: string;
}

/** A message to send, as the arguments give it. */
interface Sending extends SendOptions {
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const help = `
Without a payload argument, or with -, the command reads the payload from standard input, byte for byte. A payload that
begins with a dash must follow --. The command prints one line of JSON when the broker has confirmed the message.
`;

/** Adds the payload and the options that all sending commands have in common. */
export function withSendingOptions(command: Command): Command {
  return command
    .argument('[payload]', 'the payload')
    .option('-H, --header <name:value>', 'a header for the handler; can be repeated', headerArgument)
    .option(
      '-t, --contentType <type>',
      'the media type of the payload (default: application/json if it begins with {, [ or ", text/plain for other text; application/octet-stream if it is not UTF-8)',
      mediaType,
    )
    .option('--id <uuid>', "the message's id (default: a new UUIDv7)", messageId)
    .option(
      '--correlationId <text>',
      'an id that related messages share (default: the id of the message)',
      correlationId,
    )
    .option(
      '--timeToLive <milliseconds>',
      'the time after which an unhandled message expires (default: never)',
      integer(1, maxTimeToLiveMs),
    )
    .option(
      '--delay <milliseconds>',
      'the delay of the delivery, at most 30 days; a running gateway of this service publishes the message after it (default: 0)',
      integer(0, longestDelayMs),
    )
    .option(
      '--priority <number>',
      `0 to ${maxPriority}; quorum queues of RabbitMQ 4 deliver 5 and above first`,
      integer(0, maxPriority),
    )
    .addOption(configOption())
    .addHelpText('after', help);
}

/**
 * Connects, sends, prints the receipt as one line of JSON, and exits with 0. After an error it prints the error on
 * standard error, and exits with 1, or with 2 if an argument is not valid.
 *
 * @throws LittoralError `invalid-configuration`, `invalid-handlers` before anything is sent
 */
export async function runSend(
  payload: string | undefined,
  options: SendingOptions,
  send: (bus: DistributedBus, sending: Sending) => Promise<SendReceipt>,
): Promise<void> {
  const { config: file, header = new Map(), contentType, delay, ...more } = options;
  const { createComponents, createLogger, loadConfig, resolveConfig } = await loadComponents();
  const config = resolveConfig(await loadConfig(file), process.env);
  assertBroker(config, 'send to');
  // The error is reported on standard error. Standard output is for the receipt.
  const { channel, distributedBus } = createComponents(config, createLogger('silent'));
  try {
    const body = await readPayload(payload, process.stdin, config.broker.maxMessageBytes);
    const sending = {
      ...more,
      deliveryDelay: delay,
      body,
      contentType: contentType ?? guessMediaType(body),
      metadata: Object.fromEntries(header),
    };
    await withChannel(channel, async () => {
      const receipt = await send(distributedBus, sending);
      await report(`${JSON.stringify({ ...receipt, channel: channel.name })}\n`);
    });
    return exitProcess(0);
  } catch (error) {
    if (!isLittoralError(error)) throw error;
    const hint =
      error.code === 'malformed-body' && contentType === undefined
        ? '\nIf the payload is not JSON, set its media type: --contentType text/plain.'
        : '';
    process.stderr.write(
      `littoral: ${printable(errorText(error, 16_384))}${hint}\ncode: ${error.code}, outcome: ${error.outcome}\n`,
    );
    return exitProcess(ofArguments.has(error.code) ? exitCode.wrongUsage : exitCode.failed);
  }
}

/** Errors of what the arguments say, such as a header that belongs to the framework. */
const ofArguments: ReadonlySet<ErrorCode> = new Set([
  'invalid-header',
  'reserved-header',
  'headers-too-large',
  'invalid-key',
  'unsupported-media-type',
]);
