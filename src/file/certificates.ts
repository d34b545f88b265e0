import { X509Certificate } from 'node:crypto';
import { readSettingFile } from './setting-file.ts';

const certificates = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/**
 * Reads the certificates of a file.
 *
 * @param setting names the file in issues
 * @param issues gets what is wrong with the file
 * @returns undefined where there is an issue
 */
export function readCertificates(
  setting: string,
  file: string,
  issues: string[],
): readonly [X509Certificate, ...X509Certificate[]] | undefined {
  const text = readSettingFile(setting, file, issues);
  if (text === undefined) return undefined;
  const blocks = text.match(certificates) ?? [];
  const found = blocks.flatMap((block, index) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      issues.push(`${setting}: certificate ${index + 1} of ${blocks.length} in ${file} cannot be read; it is damaged`);
      return [];
    }
  });
  if (blocks.length < text.split('-----BEGIN CERTIFICATE-----').length - 1) {
    issues.push(`${setting}: a certificate in ${file} has no end; the file is cut off`);
  } else if (blocks.length === 0) {
    issues.push(`${setting}: ${file} holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----`);
  }
  const [first, ...others] = found;
  return first === undefined ? undefined : [first, ...others];
}

/** Returns the certificates of a file as one text. @throws TypeError with every issue of the file */
export function readTrustedCertificates(caFile: string): string {
  const issues: string[] = [];
  const found = readCertificates('caFile', caFile, issues);
  if (issues.length > 0) throw new TypeError(issues.join('; '));
  return found?.map(String).join('') ?? '';
}
