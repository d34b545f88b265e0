import type { ChannelModel } from 'amqplib';
import { messageOf } from '../errors.ts';

const ends = new WeakMap<ChannelModel, Error>();

/** Remembers why a connection ends: what was asked on its channels fails with no more than that no answer will come. */
export function rememberEnd(model: ChannelModel): void {
  model.on('error', (error) => {
    if (!ends.has(model)) ends.set(model, error);
  });
}

/** Why a call on a connection failed: over the end of the connection, if that has ended. */
export function reasonOf(error: unknown, model: ChannelModel): string {
  return messageOf(ends.get(model) ?? error);
}
