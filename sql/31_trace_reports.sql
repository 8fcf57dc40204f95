-- sql layer: one trace as a document, as text and as a picture.
--
-- ops.trace() is VOLATILE on purpose: each of its statements then takes a new snapshot, so that a trace
-- acknowledged by an ask is found by the next statement of the same function or DO block. The others
-- are made from its result and hold no rights of their own.

CREATE FUNCTION ops.trace(trace_id uuid) RETURNS jsonb
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  may_know text[];
  may_read text[];
  may_debug text[];
  found_tenant text;
  found_doc jsonb;
  calls jsonb;
BEGIN
  IF $1 IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'trace_id must not be null';
  END IF;
  may_know := ops._my_tenants('monitor');
  SELECT t.tenant_id, t.doc INTO found_tenant, found_doc
    FROM ops.trace_store AS t
   WHERE t.tenant_id = ANY (may_know) AND t.trace_id = $1;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  may_read := ops._my_tenants('user');
  may_debug := ops._my_tenants('operator');
  SELECT coalesce(jsonb_agg(CASE WHEN found_tenant = ANY (may_debug) THEN c.doc
                                 WHEN found_tenant = ANY (may_read) THEN ops._tool_call_public(c.doc)
                                 ELSE ops._tool_call_metadata(c.doc) END ORDER BY c.position), '[]')
    INTO calls
    FROM ops.tool_call_store AS c
   WHERE c.tenant_id = found_tenant AND c.trace_id = $1;
  RETURN CASE WHEN found_tenant = ANY (may_debug) THEN found_doc
              WHEN found_tenant = ANY (may_read) THEN ops._trace_public(found_doc)
              ELSE ops._trace_metadata(found_doc) END
         || jsonb_build_object('tool_calls', calls);
END
$$;
ALTER FUNCTION ops.trace(uuid) OWNER TO ops_owner;
COMMENT ON FUNCTION ops.trace(uuid) IS
  'everything recorded about one request; NULL when there is none or it belongs to a tenant the caller cannot see';

-- "12.3 ms" or "1.24 s".
CREATE FUNCTION ops._ms_text(ms double precision) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN ms IS NULL THEN '-'
              WHEN ms < 1000 THEN round(ms::numeric, 1)::text || ' ms'
              ELSE round((ms / 1000)::numeric, 2)::text || ' s' END
$$;
COMMENT ON FUNCTION ops._ms_text(double precision) IS 'a duration in milliseconds as text with its unit';

-- Columns a text takes on a terminal: East Asian wide characters and emoji count two, combining marks none.
CREATE FUNCTION ops._text_width(value text) RETURNS integer
  LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (coalesce(sum(CASE
           WHEN k.code BETWEEN 768 AND 879 OR k.code BETWEEN 8203 AND 8207 OR k.code BETWEEN 65024 AND 65039 THEN 0
           WHEN k.code BETWEEN 4352 AND 4447 OR k.code BETWEEN 11904 AND 42191 OR k.code BETWEEN 44032 AND 55203
             OR k.code BETWEEN 63744 AND 64255 OR k.code BETWEEN 65072 AND 65103 OR k.code BETWEEN 65280 AND 65376
             OR k.code BETWEEN 65504 AND 65510 OR k.code BETWEEN 127744 AND 129791 OR k.code BETWEEN 131072 AND 262141
             THEN 2
           ELSE 1 END), 0))::integer
    FROM (SELECT ascii(c.letter) AS code FROM regexp_split_to_table(value, '') AS c(letter) WHERE c.letter <> '') AS k
$$;
COMMENT ON FUNCTION ops._text_width(text) IS 'how many terminal columns a text takes';

-- Cut or padded to exactly `width` columns.
CREATE FUNCTION ops._fit(value text, width integer) RETURNS text
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  shown text := translate(coalesce(value, ''), E'\n\r\t', '   ');
BEGIN
  IF char_length(shown) > width THEN
    shown := left(shown, width);
  END IF;
  WHILE ops._text_width(shown) > width LOOP
    shown := left(shown, -1);
  END LOOP;
  RETURN shown || repeat(' ', width - ops._text_width(shown));
END
$$;
COMMENT ON FUNCTION ops._fit(text, integer) IS 'a text cut or padded to a number of terminal columns';

CREATE FUNCTION ops.waterfall(trace_id uuid) RETURNS SETOF text
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  bar_width CONSTANT integer := 48;
  label_width CONSTANT integer := 26;
  doc jsonb := ops.trace($1);
  total double precision;
  line record;
  first_cell integer;
  cells integer;
BEGIN
  IF doc IS NULL THEN
    RETURN NEXT 'no such trace, or not one of a tenant you can see';
    RETURN;
  END IF;
  SELECT greatest((doc ->> 'duration_ms')::double precision,
                  (SELECT max((c.call ->> 'end_ms')::double precision)
                     FROM jsonb_array_elements(ops._items(doc -> 'tool_calls')) AS c(call)), 0.001)
    INTO total;
  RETURN NEXT format('%s  %s  %s', $1, coalesce(doc ->> 'status', '-'),
                     ops._ms_text((doc ->> 'duration_ms')::double precision));
  FOR line IN
    SELECT l.label, l.status, l.start_ms, greatest(l.end_ms, l.start_ms) AS end_ms, l.mark
      FROM (
        SELECT 2 * s.position AS place, 0 AS call, s.stage ->> 'stage' AS label, s.stage ->> 'status' AS status,
               (s.stage ->> 'start_ms')::double precision AS start_ms,
               (s.stage ->> 'start_ms')::double precision + (s.stage ->> 'duration_ms')::double precision AS end_ms,
               '░' AS mark
          FROM jsonb_array_elements(ops._items(doc -> 'stages')) WITH ORDINALITY AS s(stage, position)
        UNION ALL
        SELECT calls.place, c.position, '  ' || coalesce((c.call ->> 'call') || ' ', '') || (c.call ->> 'tool'),
               coalesce(c.call ->> 'error_code', c.call ->> 'status'),
               (c.call ->> 'start_ms')::double precision, (c.call ->> 'end_ms')::double precision, '█'
          FROM jsonb_array_elements(ops._items(doc -> 'tool_calls')) WITH ORDINALITY AS c(call, position),
               -- Below the stage they belong to; at the end where a trace has none.
               (SELECT coalesce(max(2 * s.position + 1) FILTER (WHERE s.stage ->> 'stage' = 'execute'), 1000) AS place
                  FROM jsonb_array_elements(ops._items(doc -> 'stages')) WITH ORDINALITY AS s(stage, position)) AS calls
      ) AS l
     ORDER BY l.place, l.start_ms NULLS LAST, l.call
  LOOP
    IF line.start_ms IS NULL THEN
      RETURN NEXT format('%s %s %s', ops._fit(line.label, label_width), repeat(' ', bar_width + 13), line.status);
      CONTINUE;
    END IF;
    first_cell := least(floor(line.start_ms / total * bar_width)::integer, bar_width - 1);
    cells := greatest(1, least(ceil(line.end_ms / total * bar_width)::integer, bar_width) - first_cell);
    RETURN NEXT rtrim(format('%s│%s│ %s %s', ops._fit(line.label, label_width),
      repeat(' ', first_cell) || repeat(line.mark, cells) || repeat(' ', bar_width - first_cell - cells),
      lpad(ops._ms_text(line.end_ms - line.start_ms), 10),
      CASE WHEN line.status IN ('success', 'ok') THEN '' ELSE line.status END));
  END LOOP;
END
$$;
COMMENT ON FUNCTION ops.waterfall(uuid) IS 'stages and tool calls of one request as bars over its time';

CREATE FUNCTION ops.trace_text(trace_id uuid) RETURNS SETOF text
  LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  doc jsonb := ops.trace($1);
  line record;
BEGIN
  IF doc IS NULL THEN
    RETURN NEXT 'no such trace, or not one of a tenant you can see';
    RETURN;
  END IF;
  RETURN NEXT format('trace %s', $1);
  RETURN NEXT format('tenant %s, by %s, at %s', doc ->> 'tenant',
                     coalesce(doc #>> '{actor,label}', doc #>> '{actor,role}', doc ->> 'actor_role', '-'),
                     coalesce(doc ->> 'started_at', '-'));
  IF doc ->> 'question' IS NOT NULL THEN
    RETURN NEXT format('question: %s', doc ->> 'question');
  END IF;
  RETURN NEXT format('%s in %s, route %s%s', coalesce(doc ->> 'status', '-'),
                     ops._ms_text((doc ->> 'duration_ms')::double precision), coalesce(doc ->> 'route', '-'),
                     coalesce(' (' || (doc ->> 'route_reason') || ')', ''));
  IF jsonb_typeof(doc -> 'error') = 'object' THEN
    RETURN NEXT format('error %s%s', doc #>> '{error,code}',
                       coalesce(': ' || coalesce(doc #>> '{internal_error,message}', doc #>> '{error,message}'), ''));
  END IF;
  IF doc #>> '{answer,summary}' IS NOT NULL THEN
    RETURN NEXT format('answer: %s', doc #>> '{answer,summary}');
  END IF;
  RETURN NEXT '';
  FOR line IN
    SELECT s.stage FROM jsonb_array_elements(ops._items(doc -> 'stages')) WITH ORDINALITY AS s(stage, position)
     ORDER BY s.position
  LOOP
    RETURN NEXT format('stage %s %s %s%s', ops._fit(line.stage ->> 'stage', 12),
                       lpad(ops._ms_text((line.stage ->> 'duration_ms')::double precision), 10), line.stage ->> 'status',
                       coalesce('  ' || (line.stage ->> 'reason'), ''));
  END LOOP;
  FOR line IN
    SELECT c.call FROM jsonb_array_elements(ops._items(doc -> 'tool_calls')) WITH ORDINALITY AS c(call, position)
     ORDER BY c.position
  LOOP
    RETURN NEXT format('call  %s %s %s%s%s', ops._fit(line.call ->> 'tool', 12),
                       lpad(ops._ms_text((line.call ->> 'duration_ms')::double precision), 10), line.call ->> 'status',
                       coalesce(' ' || (line.call ->> 'error_code'), ''),
                       coalesce(', ' || (line.call ->> 'row_count') || ' rows', ''));
    IF jsonb_typeof(line.call -> 'args') = 'object' AND line.call -> 'args' <> '{}' THEN
      RETURN NEXT format('        args %s', line.call -> 'args');
    END IF;
    IF coalesce(line.call #>> '{internal_error,message}', line.call ->> 'message') IS NOT NULL THEN
      RETURN NEXT format('        %s', coalesce(line.call #>> '{internal_error,message}', line.call ->> 'message'));
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION ops.trace_text(uuid) IS 'one request told in lines of text';

REVOKE ALL ON FUNCTION ops.trace(uuid), ops.trace_text(uuid), ops.waterfall(uuid), ops._ms_text(double precision),
  ops._text_width(text), ops._fit(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.trace(uuid), ops.trace_text(uuid), ops.waterfall(uuid), ops._ms_text(double precision),
  ops._text_width(text), ops._fit(text, integer) TO ops_user, ops_monitor;
