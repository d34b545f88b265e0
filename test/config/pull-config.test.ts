import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.ts';
import { caught } from '../caught.ts';

const keys = ['billing.changeDetails'];
/** Returns the text of all issues of an application. */
async function issuesOf(application: object, environment = {}): Promise<string> {
  return (await caught(() => resolveConfig({ service: 'billing', application }, environment))).message;
}

describe('an application that pulls', () => {
  test('is configured by the environment alone', () => {
    const environment = { SERVICE_NAME: 'billing', APPLICATION_PULL: 'true', APPLICATION_COMMANDS: 'a, b' };
    const { application, concurrency } = resolveConfig({}, environment);
    expect(application).toMatchObject({
      pull: true,
      commands: ['a', 'b'],
      leaseMs: 60_000,
      longestLeaseMs: 600_000,
      holdMs: 10_000,
    });
    expect(concurrency).toBe(100);
  });

  test('keeps the concurrency and the times that it is given', () => {
    const application = { pull: true, events: ['order.*'], leaseMs: 1, longestLeaseMs: 2, holdMs: 3 };
    const config = resolveConfig({ service: 'billing', concurrency: 4, application }, {});
    expect(config).toMatchObject({ concurrency: 4, application });
  });

  test('does not pull for APPLICATION_PULL=false', () => {
    const environment = { APPLICATION_PULL: 'false', APPLICATION_URL: 'http://127.0.0.1:9' };
    const { application, concurrency } = resolveConfig({ service: 'billing' }, environment);
    expect([application?.pull, application?.holdMs, concurrency]).toEqual([false, 60_000, 10]);
  });

  test.each([
    [{ pull: true, url: 'http://127.0.0.1:9', commands: keys }, 'has both url and pull: true'],
    [{ commands: keys }, 'application.url: is missing; set it or APPLICATION_URL, or pull: true'],
    [{ pull: true }, 'names neither commands nor events'],
    [{ pull: true, commands: keys, tokenFile: 'x' }, 'application.tokenFile: is for an application with a url'],
    [{ pull: true, commands: keys, leaseMs: 600_001 }, 'application.leaseMs: is 600001, longer than'],
    [{ pull: true, commands: { a: '/hook' } }, 'application.commands.a: is a path'],
    [{ pull: true, events: { a: { headers: {} } } }, 'application.events.a.headers: is for an application with a url'],
    [{ url: 'http://127.0.0.1:9', leaseMs: 1 }, 'application.leaseMs: is for an application with pull: true'],
  ])('refuses %j', async (application, issue) => {
    expect(await issuesOf(application)).toContain(issue);
  });

  test('names the variable that is neither true nor false', async () => {
    const issues = await issuesOf({ commands: keys }, { APPLICATION_PULL: 'yes' });
    expect(issues).toContain('APPLICATION_PULL (application.pull): must be boolean');
    expect(issues).not.toContain('application.url');
  });
});
