import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventually } from './broker/eventually.ts';
import { curlRequest } from './curl-line.ts';
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

test('every TypeScript block is a file of the repository, to the letter', () => {
  const sources = blocks.filter(({ language }) => language === 'ts');
  expect(sources.length).toBeGreaterThan(0);
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

test('the curl lines do what the text says', async () => {
  const { address, output, stop } = await startProcess();
  const lines = blocks.flatMap(({ text }) => text.split('\n')).filter((line) => line.startsWith('curl'));
  expect(lines).toHaveLength(3);
  const answers = [];
  for (const line of lines) {
    const { url, method, headers, body } = curlRequest(line);
    expect(url).toMatch(/^http:\/\/localhost:3000\//);
    answers.push(await fetch(url.replace('http://localhost:3000', address), { method, headers, body: body ?? null }));
  }
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
