import type { ChannelModel } from 'amqplib';
import { withRemedy } from '../declaration-remedy.ts';
import { socketOf } from './amqp-socket.ts';

const ends = new WeakMap<ChannelModel, Error>();

/** Records why a connection ends, because the errors of the calls on its channels say only that no answer will come. */
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

/** The state of one connection's end. */
export interface ConnectionEnd {
  readonly hasEnded: boolean;
  /** A promise that resolves when the connection has ended, with the reason if one is known. */
  readonly reason: Promise<Error | undefined>;
}

/** Listens for the end of a connection. The caller must not await anything on the connection before. */
export function watchEnd(model: ChannelModel): ConnectionEnd {
  const end = { hasEnded: false, reason: Promise.resolve<Error | undefined>(undefined) };
  // 'close' reports the same error. An 'error' event without a listener would end the process.
  model.on('error', () => {});
  end.reason = new Promise((resolve) => {
    model.once('close', (error?: Error) => {
      end.hasEnded = true;
      resolve(error);
      // Unwritten bytes keep the socket of a silent broker open.
      if (error?.message === 'Heartbeat timeout') socketOf(model)?.destroy();
    });
  });
  return end;
}
