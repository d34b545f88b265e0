import autocannon from 'autocannon';
import { commandBody, entry } from './command-body.ts';
import { service } from './destination.ts';
import { offer } from './forked-process.ts';
import { type Measurement, measurementOf } from './measurement.ts';
import { streamEntries } from './stream-entries.ts';

const tasks = {
  /** Sends for so long. Requests without an answer at the end are abandoned. */
  async warmUp(address: string, connections: number, seconds: number): Promise<Measurement> {
    return load(address, { connections, duration: seconds });
  },

  /** Sends so many, and waits for every answer. */
  async send(address: string, connections: number, amount: number): Promise<Measurement> {
    return load(address, { connections, amount });
  },

  /** Sends batches of so many commands, each, and waits for every answer. */
  async sendBatches(address: string, size: number, connections: number, limits: LoadLimits): Promise<Measurement> {
    const body = JSON.stringify({ entries: Array.from({ length: size }, () => entry) });
    const whole = await load(address, { connections, ...limits }, '/batch', body);
    return { ...whole, accepted: whole.accepted * size, perSecond: whole.perSecond * size };
  },

  /** Sends so many commands by one stream, and waits for every result. */
  stream: (address: string, amount: number) => streamEntries(address, amount),
};

type LoadLimits = { duration: number } | { amount: number };

async function load(
  address: string,
  limits: { connections: number; duration?: number; amount?: number },
  path = `/commands/${service}/billing.changeDetails`,
  body = commandBody,
) {
  const latenciesMs: number[] = [];
  let startedAt = 0;
  let endedAt = 0;
  let refused = 0;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    startedAt = performance.now();
    const instance = autocannon(
      {
        ...limits,
        url: address + path,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        // How soon it notices that it is done.
        sampleInt: 50,
      },
      (error, result) => (error ? reject(error) : resolve(result)),
    );
    instance.on('response', (_client, statusCode, _bytes, milliseconds) => {
      endedAt = performance.now();
      if (statusCode === 202) latenciesMs.push(milliseconds);
      else refused++;
    });
  });
  return measurementOf(latenciesMs, refused + result.errors, endedAt - startedAt);
}

export type LoadTasks = typeof tasks;

offer(tasks);
