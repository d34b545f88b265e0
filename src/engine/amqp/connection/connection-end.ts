import type { ChannelModel } from 'amqplib';
import { withRemedy } from '../declaration-remedy.ts';

const ends = new WeakMap<ChannelModel, Error>();

/** Remembers why a connection ends: what was asked on its channels fails with no more than that no answer will come. */
export function rememberEnd(model: ChannelModel): void {
  const remember = (error: Error | undefined) => {
    if (error !== undefined && !ends.has(model)) ends.set(model, error);
  };
  model.on('error', remember);
  // amqplib reports no error where the broker ends a connection on purpose, as in a shutdown.
  model.on('close', remember);
}

/** Returns why a connection has ended; undefined while it has not. */
export function endOf(model: ChannelModel): Error | undefined {
  return ends.get(model);
}

/** Returns why a call on a connection failed, and what to do. If the connection has ended, its end is the reason. */
export function reasonOf(error: unknown, model: ChannelModel): string {
  return withRemedy(ends.get(model) ?? error);
}
