import { describe, expect, test } from 'vitest';
import { folderOf } from '../folder-of.ts';
import { isOnPath } from '../is-on-path.ts';
import { spawnProcess } from '../spawn-process.ts';
import { entry, littoral, littoralCommand } from './littoral.ts';

/** Sends the process itself a signal, which Node dispatches in the next turn of the event loop. */
const sending = (signal: NodeJS.Signals) => `process.kill(process.pid, '${signal}');`;

const inHandlers = {
  'littoral.config.json': JSON.stringify({ service: 'shop', handlers: './handlers.mjs' }),
  'handlers.mjs': `
    import { defineCommandHandler } from ${entry};
    ${sending('SIGTERM')}
    export const hello = defineCommandHandler({ routingKey: 'hello', handle() {} });
  `,
};

/** Within the very turn in which the end at once gives way to the end in order. */
const inParts = (signal: NodeJS.Signals) => ({
  'littoral.config.mjs': `export default { service: 'shop', container() { ${sending(signal)} } };`,
});

/** The start has some turns of the event loop after its parts were made, until it listens and has connected. */
const inTurn = (number: number) => ({
  'littoral.config.mjs': `
    let left = ${number};
    const turn = () => { left -= 1; if (left > 0) setImmediate(turn); else { ${sending('SIGTERM')} } };
    export default { service: 'shop', container() { setImmediate(turn); } };
  `,
});

type Files = Readonly<Record<string, string>>;

describe('a gateway that starts', () => {
  test.each<readonly [string, Files]>([
    ['SIGTERM while its handlers are loaded', inHandlers],
    ['SIGTERM while its parts are made', inParts('SIGTERM')],
    ['SIGUSR2 while its parts are made', inParts('SIGUSR2')],
    ...[1, 4, 16].map((number) => [`SIGTERM ${number} turns later`, inTurn(number)] as const),
  ])('ends with exit code 0 on %s', async (_, files) => {
    const { code, stderr } = await littoral([], { cwd: folderOf(files), environment: { PORT: '0' } }).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

const finishing = `
  import { defineCommandHandler } from ${entry};
  const held = [];
  process.on('SIGUSR1', () => held.forEach((resolve) => resolve()));
  export default {
    service: 'shop',
    shutdownTimeoutMs: 3_600_000,
    http: { drainDelayMs: 0 },
    handlers: [
      defineCommandHandler({
        routingKey: 'wait',
        distributed: true,
        async handle() {
          process.stdout.write('in hand\\n');
          await new Promise((resolve) => held.push(resolve));
          process.stdout.write('finished\\n');
        },
      }),
    ],
  };
`;

describe('a running gateway', () => {
  test.each([
    ['SIGTERM with a SIGHUP behind it, as systemd sends them', ['SIGTERM', 'SIGHUP']],
    ['SIGQUIT', ['SIGQUIT']],
  ] as const)('finishes what is in hand on %s', async (_, signals) => {
    const cwd = folderOf({ 'littoral.config.mjs': finishing });
    const gateway = littoral([], { cwd, environment: { PORT: '0' } });
    const [, address] = await gateway.written(/listening on (http:\/\/127\.0\.0\.1:\d+)/);
    await fetch(`${address}/commands/shop/wait`, { method: 'POST' });
    await gateway.written(/in hand/);
    for (const signal of signals) {
      gateway.kill(signal);
      await gateway.written(/shutting down/);
    }
    gateway.kill('SIGUSR1');
    expect((await gateway.ended).code).toBe(0);
    expect(gateway.output()).toMatch(/finished.*"msg":"stopped"/s);
  });
});

describe('a command', () => {
  test('ends by the signal that interrupts it, as a shell expects', async () => {
    const command = littoral(['send', 'billing', 'hello'], {
      cwd: folderOf({
        'littoral.config.mjs': `console.log('loading'); await new Promise((r) => setTimeout(r, 3_600_000));`,
      }),
    });
    await command.written(/loading/);
    command.kill('SIGHUP');
    expect(await command.ended).toMatchObject({ code: null });
  });
});

describe('SIGHUP', () => {
  test('ends `littoral run`, which has nothing to reload, in order', async () => {
    const cwd = folderOf({ 'littoral.config.mjs': finishing });
    const consumer = littoral(['run', 'shop', '-v'], { cwd, environment: { AMQP_URL: 'amqp://127.0.0.1:1' } });
    await consumer.written(/the broker cannot be used/);
    consumer.kill('SIGHUP');
    await consumer.written(/shutting down/);
    consumer.kill('SIGHUP');
    expect((await consumer.ended).code).toBe(0);
  });

  test.skipIf(!isOnPath('python3'))('ends a gateway whose terminal has closed, in order (needs python3)', async () => {
    const cwd = folderOf({ 'littoral.config.mjs': finishing });
    const [command = '', ...args] = littoralCommand;
    // A terminal of its own, which closes while the gateway runs.
    const program = `
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    log = os.open('log', os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1); os.dup2(log, 2)
    os.execvp(sys.argv[1], sys.argv[1:])
while b'listening on' not in open('log', 'rb').read() if os.path.exists('log') else True:
    time.sleep(0.05)
os.close(terminal)
_, status = os.waitpid(pid, 0)
print('exit code', os.waitstatus_to_exitcode(status), open('log').read())
`;
    const outer = spawnProcess('python3', ['-c', program, command, ...args], { cwd, environment: { PORT: '0' } });
    const { stdout } = await outer.ended;
    expect(stdout).toMatch(/^exit code -1 .*SIGHUP.*shutting down.*"stopped"\}\s*$/s);
  });
});
