import { once } from 'node:events';
import { request } from 'node:http';
import { entry } from './command-body.ts';
import { type Measurement, measurementOf } from './measurement.ts';

const line = `${JSON.stringify(entry)}\n`;
const linesPerWrite = 64;
const block = line.repeat(linesPerWrite);

/** Sends so many entries by one stream, as fast as the gateway reads them, and waits for every result. */
export async function streamEntries(address: string, amount: number): Promise<Measurement> {
  const startedAt = performance.now();
  const sending = request(`${address}/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  sending.flushHeaders();
  const sent = send();
  const [response] = await once(sending, 'response');
  let [text, accepted, errors] = ['', 0, 0];
  response.setEncoding('latin1');
  for await (const piece of response) {
    const lines = (text + piece).split('\n');
    text = lines.pop() ?? '';
    for (const each of lines) {
      if (each.includes('"status":202')) accepted++;
      else if (!each.includes('"notice"')) errors++;
    }
  }
  await sent;
  const { perSecond } = measurementOf(new Array(accepted).fill(0), errors, performance.now() - startedAt);
  return { accepted, errors, perSecond, p50Ms: 0, p99Ms: 0 };

  async function send(): Promise<void> {
    for (let rest = amount; rest > 0; rest -= linesPerWrite) {
      const hasRoom = sending.write(rest >= linesPerWrite ? block : line.repeat(rest));
      if (!hasRoom) await once(sending, 'drain');
    }
    sending.end();
  }
}
