import { readFileSync, writeFileSync } from 'node:fs';
import { eventRows } from './log-events.ts';

// Writes the table of log events into docs/monitoring.md: npx tsx test/docs/write-log-events.ts

const page = new URL('../../docs/monitoring.md', import.meta.url);
const heading = '### Events\n';
const [before = '', section = ''] = readFileSync(page, 'utf8').split(heading);
const [table = '', ...others] = section.split(/(?=\n## )/);
const kept = table.split('\n').filter((line) => !line.startsWith('| ') || line.startsWith('| event |'));
const text = kept.join('\n').trimEnd();
writeFileSync(page, `${before}${heading}${text}\n${eventRows().join('\n')}\n${others.join('')}`);
