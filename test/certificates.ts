import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A certificate and its key, in PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

const common = { keyType: 'ec', algorithm: 'sha256' } as const;

/** Makes an authority. */
export async function authority(name = 'An authority'): Promise<Pair> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true },
    ],
  });
  return { cert, key };
}

/**
 * Makes a certificate for a name.
 *
 * @param ca who signs it. Default: itself
 * @param daysLeft until it expires; negative: since
 * @param uris further names
 */
export async function certificate(name: string, ca?: Pair, daysLeft = 30, uris: readonly string[] = []): Promise<Pair> {
  const day = 86_400_000;
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    ...common,
    ...(ca && { ca }),
    notBeforeDate: new Date(Date.now() - 60 * day),
    notAfterDate: new Date(Date.now() + daysLeft * day),
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [{ type: 2, value: name }, ...uris.map((value) => ({ type: 6 as const, value }))],
      },
    ],
  });
  return { cert, key };
}

/** A folder of files, which a broker in a container can read as well. */
export class PemFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'littoral-tls-'));

  constructor() {
    chmodSync(this.path, 0o755);
  }

  /** Writes a file, and returns where it is. */
  write(name: string, content: string): string {
    const file = join(this.path, name);
    writeFileSync(file, content);
    chmodSync(file, 0o644);
    return file;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
