import { Pool } from 'undici';
import { offer } from './forked-process.ts';
import { handWrittenPush } from './hand-written-push.ts';

const tasks = handWrittenPush((url, connections) => {
  const pool = new Pool(url, { connections });
  return {
    async post(path, headers, body) {
      const answer = await pool.request({ method: 'POST', path, headers, body, headersTimeout: 30_000 });
      await answer.body.dump();
      return answer.statusCode;
    },
    close: () => pool.close(),
  };
});

offer(tasks);
