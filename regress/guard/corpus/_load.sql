-- Reads a corpus of statements into table cases: a line `-- reason` begins a case, a line `--: {...}` gives its
-- arguments, the lines up to the next reason are its statement. Callers \copy a file into lines(line) and then
-- call pg_temp.end_of_file(its name).
CREATE TEMPORARY TABLE lines (n serial, line text, file text);
CREATE TEMPORARY TABLE cases (n int, file text, reason text, statement text, args jsonb);

CREATE FUNCTION pg_temp.end_of_file(name text) RETURNS void LANGUAGE sql AS $$
  UPDATE lines SET file = name WHERE file IS NULL;
  INSERT INTO cases
    SELECT l.head, name, max(substr(l.line, 4)) FILTER (WHERE l.n = l.head),
           string_agg(l.line, E'\n' ORDER BY l.n) FILTER (WHERE l.n > l.head AND l.line NOT LIKE '--: %' AND l.line <> ''),
           COALESCE(max(substr(l.line, 4)) FILTER (WHERE l.line LIKE '--: %'), '{}')::jsonb
      FROM (SELECT n, line, max(n) FILTER (WHERE line LIKE '-- %') OVER (ORDER BY n) AS head FROM lines WHERE file = name) l
     WHERE l.head IS NOT NULL
     GROUP BY l.head
$$;
