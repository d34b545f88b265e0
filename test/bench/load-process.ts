import autocannon from 'autocannon';
import { commandBody } from './command-body.ts';
import { service } from './destination.ts';
import { offer } from './forked-process.ts';
import { type Measurement, measurementOf } from './measurement.ts';

const tasks = {
  /** Sends for so long. Requests without an answer at the end are abandoned. */
  async warmUp(address: string, connections: number, seconds: number): Promise<Measurement> {
    return load(address, { connections, duration: seconds });
  },

  /** Sends so many, and waits for every answer. */
  async send(address: string, connections: number, amount: number): Promise<Measurement> {
    return load(address, { connections, amount });
  },
};

async function load(address: string, limits: { connections: number; duration?: number; amount?: number }) {
  const latenciesMs: number[] = [];
  let startedAt = 0;
  let endedAt = 0;
  let refused = 0;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    startedAt = performance.now();
    const instance = autocannon(
      {
        ...limits,
        url: `${address}/commands/${service}/billing.changeDetails`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: commandBody,
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
