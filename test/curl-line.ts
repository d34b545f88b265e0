import { readFileSync } from 'node:fs';

/** A request as a curl line of the documentation makes it. */
export interface CurlRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Reads a curl line, as far as the documentation uses curl; anything else in it is an error. */
export function curlRequest(line: string): CurlRequest {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  if (words.shift() !== 'curl') throw new Error(`not a curl line: ${line}`);
  const request = {
    method: 'GET',
    url: '',
    headers: {} as Record<string, string>,
    body: undefined as string | undefined,
  };
  while (words.length > 0) {
    const word = words.shift() as string;
    if (word === '-i') continue;
    else if (word === '-X') request.method = words.shift() as string;
    else if (word === '-d') request.body = words.shift();
    else if (word === '--data-binary') request.body = readFileSync((words.shift() as string).replace('@', ''), 'utf8');
    else if (word === '-H') {
      const [name, value] = (words.shift() as string).split(': ') as [string, string];
      request.headers[name] = value;
    } else if (word.startsWith('-') || request.url !== '') throw new Error(`an option that is not known: ${word}`);
    else request.url = `http://${word}`;
  }
  return request;
}
