-- sql layer: models and resolvers made with named arguments, and drafts of models from the catalog.
--
-- Judging is the registry's (20_registry.sql). suggest_model runs with the caller's own rights and reads catalogs
-- only: stored values of a table with row security never enter a draft, they are looked up when somebody asks.

CREATE FUNCTION ops._relation_name(rel regclass) RETURNS text
  LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $body$
BEGIN
  RETURN (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = rel);
END
$body$;
COMMENT ON FUNCTION ops._relation_name(regclass) IS 'internal: a relation with its schema, quoted where needed; NULL when it is gone';
ALTER FUNCTION ops._relation_name(regclass) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._relation_name(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._relation_name(regclass) TO ops_operator;

CREATE FUNCTION ops.create_model(name text, rel regclass, spec jsonb, publish boolean DEFAULT true, "replace" boolean DEFAULT false)
  RETURNS int LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_relation text := ops._relation_name(rel);
BEGIN
  IF name IS NULL OR rel IS NULL OR spec IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = pg_catalog.format('%s must not be null',
      CASE WHEN name IS NULL THEN 'name' WHEN rel IS NULL THEN 'rel' ELSE 'spec' END);
  END IF;
  IF v_relation IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '42P01', MESSAGE = pg_catalog.format('there is no relation with OID %s', rel::pg_catalog.oid);
  END IF;
  IF pg_catalog.jsonb_typeof(spec) <> 'object' THEN
    RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'spec must be a JSON object',
      HINT = 'ops.suggest_model() makes a draft of one.';
  END IF;
  RETURN ops._create_asset('model', name, spec || pg_catalog.jsonb_build_object('relation', v_relation), publish, "replace");
END
$body$;
COMMENT ON FUNCTION ops.create_model(text, regclass, jsonb, boolean, boolean) IS
  'makes a model of a table that tools may read: what questions can be asked about its rows; returns its version';
ALTER FUNCTION ops.create_model(text, regclass, jsonb, boolean, boolean) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.create_model(text, regclass, jsonb, boolean, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.create_model(text, regclass, jsonb, boolean, boolean) TO ops_operator;

CREATE FUNCTION ops.create_resolver(name text, query text, description text DEFAULT NULL, publish boolean DEFAULT true,
                                    "replace" boolean DEFAULT false)
  RETURNS int LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  IF name IS NULL OR query IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004',
      MESSAGE = pg_catalog.format('%s must not be null', CASE WHEN name IS NULL THEN 'name' ELSE 'query' END);
  END IF;
  RETURN ops._create_asset('resolver', name,
    pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('query', query, 'description', description)), publish, "replace");
END
$body$;
COMMENT ON FUNCTION ops.create_resolver(text, text, text, boolean, boolean) IS
  'makes a resolver of a SELECT that returns id, label and, if there are any, aliases (text[]); returns its version';
ALTER FUNCTION ops.create_resolver(text, text, text, boolean, boolean) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.create_resolver(text, text, text, boolean, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.create_resolver(text, text, text, boolean, boolean) TO ops_operator;

-- Text constants of a CHECK that lists what a column may be; they are the table's definition, nobody's data.
CREATE FUNCTION ops._listed_values(rel regclass, attribute smallint) RETURNS text[]
  LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $body$
DECLARE
  v_values text[];
BEGIN
  SELECT pg_catalog.array_agg(e.enumlabel::text ORDER BY e.enumsortorder) INTO v_values
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_enum e ON e.enumtypid = a.atttypid
   WHERE a.attrelid = rel AND a.attnum = attribute;
  IF v_values IS NOT NULL THEN
    RETURN v_values;
  END IF;
  SELECT pg_catalog.array_agg(pg_catalog.replace(m.found[1], '''''', '''')) INTO v_values
    FROM pg_catalog.pg_constraint c
   CROSS JOIN LATERAL pg_catalog.regexp_matches(pg_catalog.pg_get_constraintdef(c.oid), '''((?:[^'']|'''')*)''::text', 'g') AS m (found)
   WHERE c.conrelid = rel AND c.contype = 'c' AND c.conkey = ARRAY[attribute]
     AND pg_catalog.pg_get_constraintdef(c.oid) ~ '= ANY \(';
  RETURN v_values;
END
$body$;
COMMENT ON FUNCTION ops._listed_values(regclass, smallint) IS 'internal: what a column may be by its type or a CHECK; NULL: anything';
ALTER FUNCTION ops._listed_values(regclass, smallint) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops._listed_values(regclass, smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops._listed_values(regclass, smallint) TO ops_operator;

CREATE FUNCTION ops.suggest_model(rel regclass) RETURNS jsonb
  LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_table pg_catalog.pg_class;
  v_tenant_column text;
  v_noun text;
  v_column record;
  v_values text[];
  v_time text;
  v_dimensions jsonb := '{}';
  v_measures jsonb := '{"count": {}}';
  v_links jsonb := '{}';
  v_shown jsonb := '[]';
  v_one jsonb;
  v_link record;
BEGIN
  IF rel IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = '22004', MESSAGE = 'rel must not be null';
  END IF;
  SELECT c.* INTO v_table FROM pg_catalog.pg_class c WHERE c.oid = rel;
  IF NOT FOUND OR v_table.relkind NOT IN ('r', 'p', 'v', 'm', 'f') THEN
    RAISE EXCEPTION USING ERRCODE = '42809', MESSAGE = 'rel must be a table or view';
  END IF;
  v_tenant_column := (SELECT t.tenant_column FROM ops.table_protection t WHERE t.relation = ops._relation_name(rel));
  v_noun := pg_catalog.replace(v_table.relname, '_', ' ');
  v_noun := CASE WHEN v_noun ~ 'ies$' THEN pg_catalog.regexp_replace(v_noun, 'ies$', 'y')
                 WHEN v_noun ~ '[^s]s$' THEN pg_catalog.regexp_replace(v_noun, 's$', '') ELSE v_noun END;
  FOR v_column IN
    SELECT a.attnum, a.attname::text AS name, pg_catalog.format_type(a.atttypid, NULL) AS type,
           pg_catalog.lower(pg_catalog.regexp_replace(a.attname::text, '[^a-zA-Z0-9]+', '_', 'g')) AS said,
           s.n_distinct, CASE WHEN NOT v_table.relrowsecurity THEN s.most_common_vals::text::text[] END AS common,
           EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = rel AND c.contype = 'f' AND a.attnum = ANY (c.conkey)) AS refers,
           EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = rel AND c.contype = 'p' AND a.attnum = ANY (c.conkey)) AS in_key,
           EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = rel AND i.indisunique AND i.indpred IS NULL
                      AND a.attnum = ANY (i.indkey) AND NOT EXISTS (
                        SELECT FROM pg_catalog.unnest(i.indkey::smallint[]) k (n)
                          JOIN pg_catalog.pg_attribute o ON o.attrelid = rel AND o.attnum = k.n
                         WHERE k.n <> a.attnum AND o.attname::text IS DISTINCT FROM v_tenant_column)) AS is_unique
      FROM pg_catalog.pg_attribute a
      LEFT JOIN pg_catalog.pg_stats s ON s.schemaname = v_table.relnamespace::regnamespace::text::name
       AND s.tablename = v_table.relname AND s.attname = a.attname
     WHERE a.attrelid = rel AND a.attnum > 0 AND NOT a.attisdropped
       AND a.attname::text IS DISTINCT FROM v_tenant_column
     ORDER BY a.attnum
  LOOP
    CONTINUE WHEN v_column.said !~ '^[a-z]' OR v_dimensions ? v_column.said;
    v_one := CASE WHEN v_column.said <> v_column.name THEN pg_catalog.jsonb_build_object('column', v_column.name) ELSE '{}' END;
    v_values := ops._listed_values(rel, v_column.attnum);
    IF v_column.type IN ('timestamp with time zone', 'timestamp without time zone', 'date') THEN
      IF v_time IS NULL AND v_column.type <> 'date' THEN
        v_time := v_column.said;
      END IF;
    ELSIF v_column.type = 'boolean' THEN
      v_one := v_one || pg_catalog.jsonb_build_object('values', pg_catalog.jsonb_build_object(
        'true', pg_catalog.jsonb_build_array(pg_catalog.replace(v_column.said, '_', ' ')), 'false', '[]'::jsonb));
    ELSIF v_values IS NOT NULL THEN
      v_one := v_one || pg_catalog.jsonb_build_object('values', pg_catalog.to_jsonb(v_values));
    ELSIF v_column.refers OR (v_column.in_key AND v_column.type IN ('integer', 'bigint', 'uuid')) THEN
      CONTINUE;
    ELSIF v_column.type IN ('smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision') THEN
      v_measures := v_measures || pg_catalog.jsonb_build_object(v_column.said, v_one);
      CONTINUE;
    ELSIF v_column.type IN ('text', 'character varying', 'character', 'name') THEN
      IF v_column.is_unique THEN
        v_one := v_one || CASE WHEN v_dimensions @? '$.*.key' THEN '{}' ELSE '{"sample": true, "key": true}' END;
      ELSIF v_column.common IS NOT NULL AND v_column.n_distinct BETWEEN 1 AND 20 THEN
        v_one := v_one || pg_catalog.jsonb_build_object('values', pg_catalog.to_jsonb(v_column.common));
      ELSIF v_column.n_distinct BETWEEN 1 AND 500 THEN
        v_one := v_one || '{"sample": true}';
      END IF;
    ELSE
      CONTINUE;
    END IF;
    v_dimensions := v_dimensions || pg_catalog.jsonb_build_object(v_column.said, v_one);
    v_shown := v_shown || pg_catalog.to_jsonb(v_column.said);
  END LOOP;
  -- Many rows to one of another table that a model already speaks of.
  FOR v_link IN
    SELECT c.conname::text AS name, m.name AS model,
           (SELECT pg_catalog.jsonb_object_agg(own.attname, other.attname)
              FROM ROWS FROM (pg_catalog.unnest(c.conkey), pg_catalog.unnest(c.confkey)) AS k (a, b)
              JOIN pg_catalog.pg_attribute own ON own.attrelid = c.conrelid AND own.attnum = k.a
              JOIN pg_catalog.pg_attribute other ON other.attrelid = c.confrelid AND other.attnum = k.b
             WHERE own.attname::text IS DISTINCT FROM v_tenant_column) AS joined
      FROM pg_catalog.pg_constraint c
      JOIN ops.asset_versions m ON m.kind = 'model' AND m.status = 'current' AND m.spec ->> 'relation' = ops._relation_name(c.confrelid)
     WHERE c.conrelid = rel AND c.contype = 'f' AND c.confrelid <> rel
     ORDER BY c.conname
  LOOP
    CONTINUE WHEN v_link.joined IS NULL OR v_links ? v_link.model;
    v_links := v_links || pg_catalog.jsonb_build_object(v_link.model, pg_catalog.jsonb_build_object('model', v_link.model, 'on', v_link.joined));
  END LOOP;
  RETURN pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
    'description', pg_catalog.obj_description(rel, 'pg_class'), 'nouns', pg_catalog.jsonb_build_array(v_noun), 'time', v_time,
    'shown', v_shown, 'dimensions', v_dimensions, 'measures', v_measures,
    'links', CASE WHEN v_links <> '{}' THEN v_links END));
END
$body$;
COMMENT ON FUNCTION ops.suggest_model(regclass) IS
  'a draft of a model for ops.create_model(), from columns, constraints, comments and the statistics the caller may see; no stored values of tables with row security';
ALTER FUNCTION ops.suggest_model(regclass) OWNER TO ops_owner;
REVOKE ALL ON FUNCTION ops.suggest_model(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.suggest_model(regclass) TO ops_operator;
