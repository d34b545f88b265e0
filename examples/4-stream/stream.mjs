// Sends the entries of standard input, one on each line. Prints the results of the entries that failed, and the last line.
// Usage: node stream.mjs <address> <idempotency key> [first index] < entries.ndjson
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';

const [address, key, from = '0'] = process.argv.slice(2);
if (!key || !/^\d+$/.test(from)) {
  console.error('Usage: node stream.mjs <address> <idempotency key> [first index]');
  process.exit(2);
}
const sending = request(`${address}/stream`, {
  method: 'POST',
  headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': key, 'message-first-index': from },
});
// The pipeline waits while the gateway does not read. The loop below reads the results at the same time, and reports
// a broken connection.
pipeline(process.stdin, sending).catch(() => {});
let next = Number(from);
let end;
let status;
try {
  const response = await new Promise((resolve, reject) => sending.on('response', resolve).on('error', reject));
  status = response.statusCode;
  for await (const line of createInterface(response)) {
    const result = JSON.parse(line);
    if (result.notice === 'end') end = result;
    if (result.index !== undefined) next = result.index + 1;
    if (result.notice === 'end' || (result.notice === undefined && result.status !== 202)) console.log(line);
  }
} catch (error) {
  console.error(`The connection broke: ${error.code ?? error.message}.`);
}
if (status >= 400) console.error(`Nothing was sent: the gateway answered with ${status}.`);
else if (end?.reason !== 'complete') console.error(`Resume from entry ${next}, with the same key.`);
process.exit(end?.reason === 'complete' && end.failed === 0 ? 0 : 1);
