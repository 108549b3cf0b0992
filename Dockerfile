# Dependabot updates this once a week; src/lib/supported-node.ts has the oldest release that is allowed.
FROM node:24-bookworm-slim@sha256:2fe369e969550cde8e867afc3fe370b260140cab4a23d467074295b42163d553 AS base

FROM base AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY emails ./emails
COPY src ./src
RUN npm run build

FROM base
WORKDIR /app
# The app writes only here, and only with SQLite.
RUN install --directory --owner=1000 --group=1000 /data
# The build has all packages in it but this binary, which a Node without a safe SQLite of its own loads.
COPY --from=build /app/node_modules/@libsql ./node_modules/@libsql
COPY --from=build /app/dist ./dist
COPY package.json ./
# A number, because Kubernetes cannot check a name for runAsNonRoot.
USER 1000:1000
ARG GIT_REVISION
ENV NODE_ENV=production DATA_DIR=/data PORT=4000 GIT_REVISION=$GIT_REVISION
VOLUME /data
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=16", "dist/src/main.js"]
