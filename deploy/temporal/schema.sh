#!/bin/sh
# One-shot: brings Temporal's two databases to the schema of this version of the server. Running it
# again does nothing. SQL_PASSWORD is read by the tool itself.
set -eu
for name in temporal visibility; do
  database=temporal
  [ "$name" = visibility ] && database=temporal_visibility
  tool="temporal-sql-tool --plugin postgres12 --ep postgres --port 5432 --user temporal --db $database"
  $tool setup-schema --version 0.0
  $tool update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$name/versioned"
done
