import type { Channel, ChannelModel } from 'amqplib';
import { errorMessage, LittoralError } from '../../errors.ts';
import { brokerSeries, isAbsent, isAccessRefused, isMismatch } from './broker-replies.ts';
import { closeUnawaited } from './connection/close-unawaited.ts';

type Arguments = Readonly<Record<string, unknown>>;

const classic: Arguments = { 'x-queue-type': 'classic' };
// RabbitMQ counts each message that a browser returns as a delivery. From 4.0 on a quorum queue drops a message after
// 20 of them unless -1 lifts the limit; 3.x has no limit by default, and drops the message at once if it reads -1.
const unlimited: Arguments = { 'x-queue-type': 'quorum', 'x-delivery-limit': -1 };
const unlimitedIn3: Arguments = { 'x-queue-type': 'quorum' };

/** An upper bound of the number of arguments with which RabbitMQ lets a user declare a queue. */
const maxArguments = 20;

/**
 * Makes sure that a dead letter queue is there, in a form in which browsing loses nothing: a classic queue, or a quorum
 * queue without a delivery limit. One that exists is used as it is, whatever else its arguments say. A new one is a
 * quorum queue from RabbitMQ 4.0 on, so that it survives the loss of a node. On RabbitMQ 3 it is a classic queue, even
 * if the vhost's default is another type.
 *
 * @returns why its form could not be verified; undefined if it was
 * @throws LittoralError `topology-mismatch` for a queue in another form; what amqplib throws
 */
export async function declareDeadLetterQueue(model: ChannelModel, queue: string): Promise<string | undefined> {
  if (!(await exists(model, queue))) {
    const refusal = await declare(model, queue, brokerSeries(model) >= 4 ? unlimited : classic);
    if (refusal === undefined) return undefined;
    // Another process was faster.
    if (!isMismatch(refusal)) throw refusal;
  }
  try {
    await assertSafe(model, queue);
    return undefined;
  } catch (error) {
    if (isAccessRefused(error)) return errorMessage(error);
    throw error;
  }
}

async function exists(model: ChannelModel, queue: string): Promise<boolean> {
  const error = await failureOf(model, (channel) => channel.checkQueue(queue));
  if (error === undefined) return true;
  if (isAbsent(error)) return false;
  throw error;
}

/** Refuses a queue that browsing could empty. AMQP reports only the first argument in which a declaration differs. */
async function assertSafe(model: ChannelModel, queue: string): Promise<void> {
  let assumed: Arguments = classic;
  for (let attempt = 0; attempt < maxArguments; attempt += 1) {
    const error = await declare(model, queue, assumed);
    if (error === undefined) {
      if (isSafe(assumed, brokerSeries(model))) return;
      throw unsafe(queue, `it is declared with ${JSON.stringify(assumed)}`);
    }
    if (!isMismatch(error)) throw error;
    const corrected = correct(assumed, errorMessage(error));
    if (corrected === undefined) throw unsafe(queue, `RabbitMQ says: ${errorMessage(error)}`, error);
    const isFirstQuorum = isQuorum(corrected) && !isQuorum(assumed);
    // If the queue was deleted since the last answer, the next declaration creates it: so the safe form comes first.
    assumed = isFirstQuorum ? { ...corrected, ...safeQuorum(brokerSeries(model)) } : corrected;
  }
  throw unsafe(queue, 'its arguments are not known to littoral');
}

/**
 * Returns the arguments with the one corrected that the broker names; undefined where it names a property or nothing.
 */
function correct(assumed: Arguments, text: string): Arguments | undefined {
  const [, name = '', current = ''] = /inequivalent arg '(x-[^']+)' .*but current is (.*?)"?$/s.exec(text) ?? [];
  if (name === '') return undefined;
  const { [name]: _, ...others } = assumed;
  if (current.startsWith('none')) return others;
  const [, value, type] = /^(?:the value )?'(.*?)'(?: of type '(\w+)')?/s.exec(current) ?? [];
  if (value === undefined) return undefined;
  return { ...others, [name]: isNumeric(type, assumed[name]) ? Number(value) : value };
}

// The type is given only where it differs from that of the declaration.
function isNumeric(type: string | undefined, assumed: unknown): boolean {
  return type === undefined ? typeof assumed === 'number' : type !== 'longstr';
}

function isQuorum(actual: Arguments): boolean {
  return actual['x-queue-type'] === 'quorum';
}

function safeQuorum(series: number): Arguments {
  return series >= 4 ? unlimited : unlimitedIn3;
}

function isSafe(actual: Arguments, series: number): boolean {
  const type = actual['x-queue-type'] ?? 'classic';
  if (type === 'classic') return true;
  const safe = safeQuorum(series);
  return type === safe['x-queue-type'] && actual['x-delivery-limit'] === safe['x-delivery-limit'];
}

function unsafe(queue: string, reason: string, cause?: unknown): LittoralError {
  return new LittoralError(
    'topology-mismatch',
    `RabbitMQ would delete dead letters from '${queue}' after they were browsed a number of times: ${reason}. ` +
      'It must be a classic queue or, from RabbitMQ 4.0 on, a quorum queue with the argument x-delivery-limit: -1. ' +
      'Nothing was changed. Move its messages to another queue, delete it, start this gateway, which declares it ' +
      'again, and move them back (docs/dead-letters.md says how).',
    { cause },
  );
}

async function declare(model: ChannelModel, queue: string, args: Arguments): Promise<unknown> {
  return failureOf(model, (channel) => channel.assertQueue(queue, { durable: true, arguments: args }));
}

/** Asks on a channel of its own, which the broker closes when it refuses. */
async function failureOf(model: ChannelModel, ask: (channel: Channel) => Promise<unknown>): Promise<unknown> {
  const channel = await model.createChannel();
  channel.on('error', () => {}); // The call that failed throws it.
  try {
    await ask(channel);
  } catch (error) {
    return error ?? new Error('the broker refused');
  }
  closeUnawaited(channel);
  return undefined;
}
