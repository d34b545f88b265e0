import { readdirSync, readFileSync } from 'node:fs';

/**
 * Pids of the live processes whose home is `home`. A node's home is a folder of its own, so these are its processes:
 * the Erlang VM, epmd, and the VM's helpers, which leave its process group and session. Empty where there is no /proc.
 */
export function findProcessesByHome(home: string): number[] {
  return listFolder('/proc')
    .filter((entry) => /^\d+$/.test(entry) && environmentOf(entry).includes(`HOME=${home}`))
    .map(Number);
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // It ended in the meantime, or it is somebody else's.
    return [];
  }
}
