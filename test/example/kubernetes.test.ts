import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Deployment } from 'kubernetes-models/apps/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { Secret, Service, ServiceAccount } from 'kubernetes-models/v1';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { resolveConfig } from '../../src/config/resolve.ts';
import { authority } from '../certificates.ts';
import { folderOf } from '../folder-of.ts';

const folder = fileURLToPath(new URL('../../examples/kubernetes', import.meta.url));
const kinds = { Deployment, NetworkPolicy, Secret, Service, ServiceAccount };

// biome-ignore lint/suspicious/noExplicitAny: a manifest, whose schema is what is tested
type Manifest = any;

const manifests: [string, Manifest][] = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .flatMap((name) =>
    parseAllDocuments(readFileSync(join(folder, name), 'utf8')).map((document) => {
      expect(document.errors).toEqual([]);
      const manifest = document.toJS();
      return [`${manifest.kind} in ${name}`, manifest] as [string, Manifest];
    }),
  );
const manifest = (kind: string) => manifests.find(([, { kind: own }]) => own === kind)?.[1] ?? expect.unreachable(kind);
const pod = manifest('Deployment').spec.template.spec;
const littoral = pod.initContainers[0];

/** Returns why the schema of Kubernetes refuses a manifest; undefined if it does not. */
function refusal(given: Manifest): string | undefined {
  const Kind = kinds[given.kind as keyof typeof kinds];
  try {
    new Kind(given).validate();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** Returns the path of each value that is no object and no list. */
function leaves(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

function withWrong(given: Manifest, path: readonly string[]): Manifest {
  const copy = structuredClone(given);
  const last = path.at(-1) as string;
  const parent = path.slice(0, -1).reduce((value, key) => value[key], copy);
  parent[last] = { wrong: [{}] };
  return copy;
}

describe('the manifests for Kubernetes', () => {
  test('are all there', () => {
    expect(manifests.map(([, { kind }]) => kind).sort()).toEqual(Object.keys(kinds).sort());
  });

  test.each(manifests)('fit the schema: %s', (_, given) => {
    expect(refusal(given)).toBeUndefined();
  });

  // A schema of Kubernetes ignores a misspelt name. So each value is replaced by a wrong one, which must be noticed.
  test.each(manifests)('have no name that the schema does not know: %s', (_, given) => {
    const unknown = leaves(given)
      .filter(([first]) => first !== 'apiVersion' && first !== 'kind')
      .filter((path) => refusal(withWrong(given, path)) === undefined);
    expect(unknown).toEqual([]);
  });

  test('give no container rights that it does not need', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(pod.automountServiceAccountToken).toBe(false);
    for (const { securityContext } of [...pod.initContainers, ...pod.containers]) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  test('configure a gateway, with each secret in a file', async () => {
    const { stringData } = manifest('Secret');
    const files = folderOf({ ...stringData, 'broker-ca.crt': (await authority()).cert });
    const [{ mountPath }] = littoral.volumeMounts;
    const variables: [string, string][] = littoral.env.map(({ name, value }: Record<string, string>) => [
      name,
      value?.replace(mountPath, files),
    ]);
    for (const [, value] of variables) {
      for (const secret of Object.values<string>(stringData)) expect(value).not.toContain(secret);
    }
    const environment = { NODE_ENV: 'production', ...Object.fromEntries(variables) };
    const { http, broker, channel } = resolveConfig({}, environment);
    expect(channel).toBe('rabbitmq');
    expect(broker.url).toBe(stringData['amqp-url']);
    expect(http).toMatchObject({ host: '127.0.0.1', adminToken: stringData['admin-token'] });
    expect(http.management).toMatchObject({ host: '0.0.0.0', port: littoral.ports[0].containerPort });
    expect(pod.volumes[0].secret.secretName).toBe(manifest('Secret').metadata.name);
  });

  test('probe the listener for operators, and let the policy and the service name it', () => {
    expect(littoral.restartPolicy).toBe('Always');
    expect(littoral.livenessProbe.httpGet).toEqual({ path: '/livez', port: 'management' });
    expect(littoral.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'management' });
    expect(littoral.ports[0].name).toBe('management');
    expect(manifest('Service').spec.ports[0].targetPort).toBe('management');
    const { labels } = manifest('Deployment').spec.template.metadata;
    expect(manifest('Service').spec.selector).toEqual(labels);
    expect(manifest('NetworkPolicy').spec.podSelector.matchLabels).toEqual(labels);
    const allowed = manifest('NetworkPolicy').spec.ingress.flatMap(({ ports }: Manifest) => ports);
    expect(allowed.map(({ port }: Manifest) => port)).toEqual(['management', pod.containers[0].ports[0].name]);
  });

  test('are all applied by the command of their page', () => {
    const page = readFileSync(join(folder, 'README.md'), 'utf8');
    const named = [...page.matchAll(/-f (\S+\.yaml)/g)].map(([, name]) => name);
    expect(named.sort()).toEqual(
      readdirSync(folder)
        .filter((name) => name.endsWith('.yaml'))
        .sort(),
    );
  });
});
