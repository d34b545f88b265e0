import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type {} from './global-setup.ts';
import { createManagement } from './management.ts';
import type { Vhost } from './vhost.ts';

/** A broker user whose permissions a test sets. */
export interface RestrictedUser {
  readonly name: string;
  /** The address of the vhost with this user. */
  readonly url: string;
  /** Sets the regular expressions of exchanges and queues. Default of each: all. Empty: none. */
  permit(permissions: { configure?: string; write?: string; read?: string }): Promise<void>;
  /** The regular expression of the exchanges and queues that it may write to. */
  mayWriteTo(pattern: string): Promise<void>;
  /** The regular expression of the keys that it may publish under on the bus. */
  mayWriteKeys(pattern: string): Promise<void>;
  limit(name: 'max-channels' | 'max-connections', value: number): Promise<void>;
  close(): Promise<void>;
}

/** Creates a user that may do everything in a vhost, until a test restricts it. */
export async function createRestrictedUser(vhost: Vhost): Promise<RestrictedUser> {
  const management = createManagement({ url: inject('brokerUrl'), managementUrl: inject('managementUrl') });
  const name = `littoral-user-${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await management.put(`/api/users/${name}`, { password, tags: '' });
  const permit: RestrictedUser['permit'] = ({ configure = '.*', write = '.*', read = '.*' }) =>
    management.put(`/api/permissions/${vhost.name}/${name}`, { configure, write, read });
  await permit({});
  const url = new URL(vhost.url);
  url.username = name;
  url.password = password;
  return {
    name,
    url: url.href,
    permit,
    mayWriteTo: (write) => permit({ write }),
    mayWriteKeys: (write) =>
      management.put(`/api/topic-permissions/${vhost.name}/${name}`, {
        exchange: 'ecotone.distributed',
        write,
        read: '.*',
      }),
    limit: (limit, value) => management.put(`/api/user-limits/${name}/${limit}`, { value }),
    async close() {
      await management.delete(`/api/users/${name}`);
    },
  };
}
