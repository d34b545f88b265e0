import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { pino } from 'pino';
import type { Config } from '../../src/config/config.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { createComponents } from '../../src/gateway/components.ts';
import { assembleGateway, type Gateway } from '../../src/gateway/gateway.ts';
import type { BenchOptions, Verdict } from './bench.ts';
import { commandBody } from './command-body.ts';
import { service } from './destination.ts';
import { NullEngine } from './null-engine.ts';
import { socketless } from './socketless.ts';
import { textTable } from './text-table.ts';

const key = 'a-key-of-the-bench-0123456789';
const issuer = 'https://issuer.example';
const limit = { rate: 1e9, windowSeconds: 1 };

/** A configuration to measure, with the CPU time in microseconds that it may add to a request. */
interface Subject {
  readonly name: string;
  readonly config: Config;
  readonly headers?: Readonly<Record<string, string>>;
  readonly mostMicros?: number;
}

interface Run {
  readonly subject: Subject;
  readonly gateway: Gateway;
  readonly send: ReturnType<typeof socketless>;
  /** The CPU time of a request in each round. */
  readonly micros: number[];
}

const body = Buffer.from(commandBody);

/** Measures the CPU time that keys, tokens, limits and metrics add to a request. The engine does nothing here. */
export async function benchAccess({ quick }: BenchOptions): Promise<Verdict> {
  const [rounds, requests] = quick ? [300, 50] : [1000, 50];
  const folder = await mkdtemp(join(tmpdir(), 'littoral-bench-'));
  const runs: Run[] = [];
  for (const subject of await createSubjects(folder)) {
    const gateway = await startGateway(subject.config);
    runs.push({ subject, gateway, send: socketless(gateway.app), micros: [] });
  }
  for (let round = -rounds / 5; round < rounds; round += 1) {
    for (let turn = 0; turn < runs.length; turn += 1) {
      // The order of the subjects changes in each round, because each one leaves garbage for the next.
      const run = runs[(turn + round + rounds) % runs.length] as Run;
      const cost = await costOf(run, requests);
      // The first rounds do not count, because the code is not compiled yet.
      if (round >= 0) run.micros.push(cost);
    }
  }
  await Promise.all(runs.map(({ gateway }) => gateway.stop()));
  await rm(folder, { recursive: true });
  const [none = 0, ...others] = runs.map(({ micros }) => undisturbed(micros));
  const results = runs.slice(1).map(({ subject: { name, mostMicros = 0 } }, index) => {
    return { name, micros: (others[index] ?? 0) - none, mostMicros };
  });
  const lines = results.map(({ name, micros, mostMicros }) => [name, micros.toFixed(2), mostMicros.toFixed(0)]);
  const table = textTable(['added to a request', 'µs of CPU', 'at most'], lines);
  const failed = results.filter(({ micros, mostMicros }) => micros > mostMicros).map(({ name }) => name);
  const verdict = failed.length === 0 ? 'all are within their targets' : `above the target: ${failed.join(', ')}`;
  return {
    text: `${table}\n\nwithout any of them, a request takes ${none.toFixed(1)} µs; ${verdict}`,
    failed: failed.length > 0,
  };
}

/** Returns a low percentile, because other programs on the machine can only increase the values. */
function undisturbed(micros: readonly number[]): number {
  return micros.toSorted((a, b) => a - b)[Math.floor(micros.length / 10)] ?? 0;
}

async function createSubjects(folder: string): Promise<readonly Subject[]> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwksFile = join(folder, 'jwks.json');
  const algorithms = ['ES256'] as const;
  await writeFile(jwksFile, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', kid: '1' }] }));
  const token = await new SignJWT({ scope: `command:${service}/*` })
    .setProtectedHeader({ alg: 'ES256', kid: '1' })
    .setIssuer(issuer)
    .setAudience('bench')
    .setSubject('caller')
    .setExpirationTime('1h')
    .sign(privateKey);
  const sha256 = createHash('sha256').update(key).digest('hex');
  const metrics = { enabled: false };
  return [
    { name: 'nothing', config: { metrics } },
    {
      name: 'an API key',
      config: { metrics, auth: { keys: [{ id: 'caller', sha256, grants: [`command:${service}/*`] }] } },
      headers: { authorization: `Bearer ${key}` },
      mostMicros: 5,
    },
    {
      name: 'a JWT that is cached',
      config: { metrics, auth: { jwt: [{ issuer, audience: 'bench', jwksFile, algorithms: [...algorithms] }] } },
      headers: { authorization: `Bearer ${token}` },
      mostMicros: 20,
    },
    {
      name: 'a limit',
      config: { metrics, limits: [{ name: 'caller', per: 'principal', ...limit }] },
      mostMicros: 2,
    },
    { name: 'metrics, of the request and its message', config: { metrics: { enabled: true } }, mostMicros: 5 },
  ];
}

async function startGateway(config: Config): Promise<Gateway> {
  const resolved = resolveConfig(
    { service: 'bench', channel: 'in-memory', auth: 'none', broker: { checkDestinations: false }, ...config },
    {},
  );
  const components = createComponents(resolved, pino({ level: 'silent' }), { channel: new NullEngine() });
  const gateway = assembleGateway(components, false);
  await gateway.start();
  await gateway.app.ready();
  return gateway;
}

/** Returns the CPU time of a request in microseconds. */
async function costOf({ send, subject: { headers, name } }: Run, requests: number): Promise<number> {
  const request = {
    url: `/commands/${service}/change`,
    headers: { host: 'localhost', 'content-type': 'application/json', ...headers },
    body,
  };
  const before = process.cpuUsage();
  for (let sent = 0; sent < requests; sent += 1) {
    const status = await send(request);
    if (status !== 202) throw new Error(`The gateway with ${name} answered ${status}.`);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
}
