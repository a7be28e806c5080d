-- PostgreSQL counts the values of every column for its planner. It sorts documents to do so, which took
-- nine tenths of counting lines of orders, and no statement of ours looks for rows by what a document
-- holds (docs/adr/0016).
DO $$
DECLARE
  document record;
BEGIN
  FOR document IN
    SELECT c.oid::regclass AS of_table, a.attname AS name
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 'jsonb'::regtype
    ORDER BY 1, 2
  LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS 0', document.of_table, document.name);
  END LOOP;
END $$;
