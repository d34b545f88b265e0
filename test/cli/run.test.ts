import { expect, test } from 'vitest';
import { folderOf } from '../folder-of.ts';
import { entry, littoral } from './littoral.ts';

const environment = { SERVICE_NAME: 'billing' };

const configured = () =>
  folderOf({
    'littoral.config.mjs': `
      import { defineCommandHandler } from ${entry};
      export default { handlers: [defineCommandHandler({ routingKey: 'work', distributed: true, handle() {} })] };
    `,
  });

test('an endpoint without distributed handlers is wrong usage, for there is nothing to consume for', async () => {
  const { code, stdout, stderr } = await littoral(['run', 'billing'], { cwd: folderOf(), environment }).ended;
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain("The endpoint 'billing' has no distributed handlers");
  expect(stderr).toContain('--config');
});

test('an endpoint that does not exist is wrong usage; those that do are named', async () => {
  const { code, stdout, stderr } = await littoral(['run', 'shop'], { cwd: folderOf(), environment }).ended;
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain("No endpoint 'shop'. Available: billing.");
});

test.each<Record<string, string>>([{}, { CHANNEL: 'in-memory' }])('needs a broker: %j', async (more) => {
  const options = { cwd: configured(), environment: { ...environment, ...more } };
  const { code, stdout, stderr } = await littoral(['run', 'billing'], options).ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe(
    'littoral: There is no broker to consume from: the in-memory channel exists only within this process. Set AMQP_URL. CHANNEL=in-memory overrides it.\n',
  );
});

test('runs until a signal ends it, and serves no HTTP', async () => {
  const options = { cwd: configured(), environment: { ...environment, AMQP_URL: 'amqp://127.0.0.1:1' } };
  const run = littoral(['run', 'billing', '-v'], options);
  await run.written(/the broker cannot be used/);
  run.kill('SIGTERM');
  const { code, stdout, stderr } = await run.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('"msg":"stopped"');
  expect(stdout).not.toContain('listening');
});

test('a broker that cannot be reached is reported, and waited for until a limit ends the wait with exit code 1', async () => {
  const broken = { ...environment, AMQP_URL: 'amqp://littoral:hunter2@127.0.0.1:1' };
  const args = ['run', 'billing', '--finishWhenNoMessages', '--executionTimeLimit', '5000'];
  const { code, stdout, stderr } = await littoral(args, { cwd: configured(), environment: broken }).ended;
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(stdout).toContain('cannot use amqp://127.0.0.1:1');
  expect(stdout).toContain('5000 ms have passed, and nothing could be received: ');
  expect(stdout).not.toContain('hunter2');
});

test('an application that never says what it receives is exit code 1 after the time limit', async () => {
  const more = { AMQP_URL: 'amqp://127.0.0.1:1', APPLICATION_URL: 'http://127.0.0.1:9' };
  const options = { cwd: folderOf(), environment: { ...environment, ...more } };
  const { code, stdout } = await littoral(['run', 'billing', '--executionTimeLimit', '2000'], options).ended;
  expect(code).toBe(1);
  expect(stdout).toContain('nothing could be received: the application has not said what it receives');
});
