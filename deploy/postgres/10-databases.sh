#!/bin/sh
# Runs once, when the volume of PostgreSQL is new: a role and a database for Tributary, a role and
# two databases for Temporal. Neither role can see into the other's databases.
set -e
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set=tributary="${TRIBUTARY_DATABASE_PASSWORD:?}" --set=temporal="${TEMPORAL_DATABASE_PASSWORD:?}" <<'SQL'
CREATE ROLE tributary LOGIN PASSWORD :'tributary';
CREATE ROLE temporal LOGIN PASSWORD :'temporal';
CREATE DATABASE tributary OWNER tributary;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE tributary, temporal, temporal_visibility FROM PUBLIC;
SQL
