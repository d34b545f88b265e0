# The gateway with its production dependencies alone. Started with the environment alone:
#   docker build -t littoral .
#   docker run -e SERVICE_NAME=shop -e AMQP_URL=amqp://… -e AUTH=none -p 127.0.0.1:3000:3000 littoral
# With handlers: mount their folder below /app, where they find littoral and typebox:
#   docker run … -v ./handlers:/app/config:ro littoral start --config config/littoral.config.ts
# It needs no rights and writes no file: docker run --read-only --cap-drop ALL --security-opt no-new-privileges …
# Pin the two base images by digest (…/node:22-alpine@sha256:…) where builds must be the same: docker buildx imagetools
# inspect node:22-alpine prints it.

FROM docker.io/library/node:22-alpine AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY routes ./routes
COPY src ./src
RUN npm run build
RUN npm prune --omit=dev --no-audit --no-fund
# For OTEL_EXPORTER_OTLP_ENDPOINT. See docs/monitoring.md.
RUN npm install --no-save --omit=dev --ignore-scripts --no-audit --no-fund \
  @opentelemetry/sdk-trace-base@^2.12.1 @opentelemetry/sdk-metrics@^2.12.1 \
  @opentelemetry/context-async-hooks@^2.12.1 @opentelemetry/resources@^2.12.1 \
  @opentelemetry/exporter-trace-otlp-http@^0.223.0 @opentelemetry/exporter-metrics-otlp-http@^0.223.0

FROM docker.io/library/node:22-alpine
# With NODE_ENV=production the in-memory channel must be asked for, by CHANNEL=in-memory.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 3000
# Whether the process is well, whatever the broker does: a restart would not bring that back. It asks the listener for
# operators, where there is one, and verifies no certificate, because it asks its own process. It knows the environment
# only: replace it if a configuration file sets ports or TLS, or if TLS_CLIENT_CERTIFICATES is `require` without
# MANAGEMENT_PORT.
HEALTHCHECK --interval=15s --timeout=5s --start-period=15s \
  CMD ["node", "-e", "const e = process.env; const own = e.MANAGEMENT_PORT; const tls = own ? e.MANAGEMENT_TLS === 'true' : e.TLS_CERT_FILE; require(tls ? 'https' : 'http').get({ host: '127.0.0.1', port: own || e.PORT, path: '/livez', rejectUnauthorized: false }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
# Without a shell in between, so that SIGTERM reaches the gateway.
ENTRYPOINT ["node", "/app/dist/src/cli.js"]
CMD ["start"]
