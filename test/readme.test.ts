import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventually } from './broker/eventually.ts';
import { findFreePorts } from './broker/free-ports.ts';
import { curlRequest } from './curl-line.ts';
import { isOnPath } from './is-on-path.ts';
import { spawnProcess } from './spawn-process.ts';
import { startProcess } from './start-process.ts';

const root = new URL('..', import.meta.url);
const readme = readFileSync(new URL('README.md', root), 'utf8');
const scripts = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')).scripts;

const blocks = [...readme.matchAll(/^(?:<!-- (\S+) -->\n)?```(\w*)\n(.*?)^```$/gms)].map(
  ([, file, language, text]) => ({
    file,
    language,
    text: text as string,
  }),
);

test('every block of code is a file of the repository, to the letter', () => {
  const sources = blocks.filter(({ language }) => ['ts', 'python'].includes(language as string));
  expect(new Set(sources.map(({ language }) => language))).toEqual(new Set(['ts', 'python']));
  for (const { file, text } of sources) {
    expect(file).toBeDefined();
    expect(text).toBe(readFileSync(new URL(file as string, root), 'utf8'));
  }
});

test('every npm command exists', () => {
  const commands = blocks.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.trim().split('\n'));
  for (const command of commands.filter((line) => line.includes('npm '))) {
    const script = /npm (?:run )?(\S+)$/.exec(command)?.[1] as string;
    expect(script === 'ci' || script in scripts, command).toBe(true);
  }
});

test('every link to a file leads to one', () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, target]) => target as string);
  expect(links.length).toBeGreaterThan(0);
  for (const link of links) expect(existsSync(new URL(link, root)), link).toBe(true);
});

/** The curl lines, with the address of a gateway in place of the default one. */
function requestsTo(address: string) {
  const lines = blocks.flatMap(({ text }) => text.split('\n')).filter((line) => line.startsWith('curl'));
  return lines.map((line) => {
    const { url, method, headers, body } = curlRequest(line);
    expect(url).toMatch(/^http:\/\/localhost:3000\//);
    return () => fetch(url.replace('http://localhost:3000', address), { method, headers, body: body ?? null });
  });
}

test('the curl lines do what the text says', async () => {
  const { address, output, stop } = await startProcess();
  const requests = requestsTo(address);
  expect(requests).toHaveLength(3);
  const answers = [];
  for (const request of requests) answers.push(await request());
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 200]);
  expect(await answers[0]?.json()).toMatchObject({ channel: 'in-memory', routed: true });
  await eventually(() => {
    expect(output()).toContain('person 123 now has the billing details 01111');
    expect(output()).toContain('alice changed the details of person 123');
    expect(output()).toContain('somebody changed the details of person 123');
  });
  expect(output()).toContain('billing on in-memory');
  expect(output()).toContain(`${address}/docs`);
  expect(output()).toContain('keeps nothing after exit');
  await stop();
});

test.skipIf(!isOnPath('python3'))('the lines that receive do what the text says (needs python3)', async () => {
  const lines = blocks.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.trim().split('\n'));
  const [start, ...others] = lines.filter((line) => line.startsWith('python3 '));
  const [sidecar, ...more] = lines.filter((line) => line.endsWith(' npm run sidecar'));
  expect([...others, ...more]).toEqual([]);
  const [port = 0] = await findFreePorts(1);
  const receive = readFileSync(new URL(start?.split(' ')[1] as string, root), 'utf8').replace('8080', String(port));
  const variables = [...(sidecar as string).matchAll(/([A-Z_]+)=(\S+)/g)].map(([, name, value = '']) => [name, value]);
  const environment = Object.fromEntries(variables);
  expect(environment.APPLICATION_URL).toBe('http://127.0.0.1:8080');
  const { address, output, stop } = await startProcess(
    { ...environment, APPLICATION_URL: `http://127.0.0.1:${port}` },
    [],
    'sidecar',
  );
  // The application is away, and its message waits.
  expect((await requestsTo(address)[0]?.())?.status).toBe(202);
  await eventually(() => expect(output()).toContain('the application is away'));
  const application = spawnProcess('python3', ['-c', receive]);
  await application.written(/^\/commands\/billing\.changeDetails \{"personId":"123","billingDetails":"01111"\}$/m);
  expect(output()).not.toContain('failed');
  await stop();
});
