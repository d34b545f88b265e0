// Sends the entries of standard input, one on each line. Prints the results of the entries that failed, and the last line.
// Usage: node stream.mjs <address> <idempotency key> [first index] < entries.ndjson
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';

const [address, key, from = '0'] = process.argv.slice(2);
const sending = request(`${address}/stream`, {
  method: 'POST',
  headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': key, 'message-first-index': from },
});
// The pipeline waits while the gateway does not read. The loop below reads the results at the same time.
const sent = pipeline(process.stdin, sending).catch((error) => error);
const response = await new Promise((resolve, reject) => sending.on('response', resolve).on('error', reject));
let next = Number(from);
let last;
for await (const line of createInterface(response)) {
  const result = JSON.parse(line);
  if (result.notice) last = result;
  else next = result.index + 1;
  if (result.notice === undefined && result.status !== 202) console.log(line);
}
await sent;
if (last?.notice === 'end') console.log(JSON.stringify(last));
else console.error(`The connection broke. Resume from entry ${next}, with the same key.`);
process.exit(last?.reason === 'complete' && last.failed === 0 ? 0 : 1);
