/**
 * Loads the modules that the commands need. A command calls this when it runs, because loading takes most of the time of
 * a short command, and `--version`, help and wrong usage need none of them.
 */
export async function loadComponents() {
  const [{ createLogger }, { createComponents }, { loadConfig }, { resolveConfig }] = await Promise.all([
    import('../logger.ts'),
    import('../gateway/components.ts'),
    import('./load-config.ts'),
    import('../config/resolve.ts'),
  ]);
  return { createComponents, createLogger, loadConfig, resolveConfig };
}

/** Loads the modules of a whole gateway, including HTTP. */
export async function loadGateway() {
  const [{ createGateway }, { loadConfig, configSource }] = await Promise.all([
    import('../gateway/gateway.ts'),
    import('./load-config.ts'),
  ]);
  return { createGateway, loadConfig, configSource };
}
