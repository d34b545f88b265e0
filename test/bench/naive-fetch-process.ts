import { offer } from './forked-process.ts';
import { handWrittenPush } from './hand-written-push.ts';

/** With the client that is built into Node. */
const tasks = handWrittenPush((url) => ({
  async post(path, headers, body) {
    const answer = await fetch(url + path, { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> });
    await answer.arrayBuffer();
    return answer.status;
  },
  async close() {},
}));

offer(tasks);
