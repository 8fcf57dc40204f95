-- The two error doors: what an error says survives C++ frames, C++ exceptions become clean errors, and
-- every destructor runs.
BEGIN;
\ir _setup.sql
SELECT plan(57);

-- Every field of the server's error, through exit door, C++ frames and entry door into EXCEPTION.
CREATE TEMP TABLE seen AS SELECT doors.diagnose('SELECT doors.raise_all()') AS d;
SELECT is(d ->> 'sqlstate', 'QQ042', 'SQLSTATE survives') FROM seen;
SELECT is(d ->> 'message', 'probe message 100%', 'the message survives') FROM seen;
SELECT is(d ->> 'detail', 'Probe detail.', 'the detail survives') FROM seen;
SELECT is(d ->> 'hint', 'Probe hint.', 'the hint survives') FROM seen;
SELECT is(d ->> 'context', E'probe context\nSQL statement "SELECT doors.raise_all()"\n'
          'PL/pgSQL function doors.diagnose(text) line 6 at EXECUTE', 'the context survives and is not doubled') FROM seen;
SELECT is(d ->> 'schema', 'probe_schema', 'the schema name survives') FROM seen;
SELECT is(d ->> 'table', 'probe_table', 'the table name survives') FROM seen;
SELECT is(d ->> 'column', 'probe_column', 'the column name survives') FROM seen;
SELECT is(d ->> 'type', 'probe_type', 'the type name survives') FROM seen;
SELECT is(d ->> 'constraint', 'probe_constraint', 'the constraint name survives') FROM seen;
SELECT is(doors.diagnose('SELECT doors.rethrow()') - 'context', d - 'context', 'a copy thrown by C++ says the same') FROM seen;
SELECT is(doors.diagnose('SELECT doors.raise('''', ''22012'')') ->> 'sqlstate', '22012', 'an error without a message keeps its SQLSTATE');
SELECT is(doors.diagnose('SELECT doors.raise('''', ''22012'')') ->> 'message', '', 'and stays without a message');
SELECT is(doors.diagnose('SELECT doors.raise(repeat(''m'', 1000000), ''22012'')') ->> 'message', repeat('m', 1000000), 'a long message survives');
SELECT is(doors.diagnose('SELECT doors.raise(''%s %n %m'', ''22012'')') ->> 'message', '%s %n %m', 'a message is no format');
SELECT is(doors.live(), 0::bigint, 'no object is alive');

-- Exceptions of C++.
SELECT is(doors.diagnose(format('SELECT doors.throw(%L)', kind)) ->> 'sqlstate', '53200', kind || ' is out of memory')
  FROM unnest(ARRAY['bad_alloc', 'huge_new']) AS kind;
SELECT is(doors.diagnose('SELECT doors.throw(''bad_alloc'')') ->> 'message', 'out of memory', 'bad_alloc reads like the server''s own');
SELECT is(doors.diagnose(format('SELECT doors.throw(%L)', kind)) ->> 'sqlstate', 'XX000', kind || ' is an internal error')
  FROM unnest(ARRAY['length_error', 'int', 'struct', 'pointer', 'std', 'empty']) AS kind;
SELECT is(doors.diagnose('SELECT doors.throw(''int'')') ->> 'message', 'INTERNAL_ERROR: an exception of unknown type reached the server', 'a foreign exception has a message');
SELECT is(doors.diagnose('SELECT doors.throw(''std'')') ->> 'message', 'INTERNAL_ERROR: something of the standard library', 'a std::exception keeps its text');

-- A Failure: SQLSTATE by code, the code's name at the head of the message.
SELECT is(doors.diagnose(format('SELECT doors.throw(%L)', 'failure:' || name)) - 'context',
          jsonb_build_object('sqlstate', state, 'message', name || ': a failure of ours', 'detail', 'It has a detail.',
                             'hint', 'It has a hint.', 'schema', '', 'table', '', 'column', '', 'type', '', 'constraint', ''),
          name || ' has SQLSTATE, name, detail and hint')
  FROM (VALUES ('POLICY_DENY', '42501'), ('TENANT_MISMATCH', '42501'), ('SQL_BLOCKED', '42501'), ('PLAN_INVALID', '22023'),
               ('TOOL_TIMEOUT', 'OP001'), ('OVERLOADED', 'OP002'), ('UPSTREAM_UNAVAILABLE', 'OP003'),
               ('INTERNAL_ERROR', 'XX000')) AS code (name, state);
SELECT alike(doors.diagnose('SELECT doors.throw(''failure:NO_MATCH'')') ->> 'context', '%PL/pgSQL function doors.diagnose(text) line 6 at EXECUTE%',
            'an error of ours gets the caller''s context');

-- A C++ exception inside the exit door's lambda: the server's stacks are put back.
SELECT is(doors.diagnose(format('SELECT doors.throw_inside_exit(%L)', kind)) ->> 'sqlstate', 'QQ042', 'after ' || kind || ' in an exit door the next error finds its way')
  FROM unnest(ARRAY['int', 'std', 'failure:NO_MATCH', 'bad_alloc']) AS kind;

-- The copy of an error fails.
SELECT is(doors.diagnose('SELECT doors.copy_failure(''22012'')') ->> 'sqlstate', '53200', 'an error that cannot be copied is out of memory');
SELECT is(doors.diagnose('SELECT doors.copy_failure(''57014'')') ->> 'sqlstate', '57014', 'a cancel that cannot be copied is still a cancel');
SELECT is(doors.diagnose('SELECT doors.raise_all()') ->> 'sqlstate', 'QQ042', 'the next error is copied again');

-- Three levels of SPI -> PL/pgSQL -> C++.
SELECT is(doors.diagnose('SELECT doors.descend(3, ''out'')') - 'context', (SELECT d - 'context' FROM seen), 'three levels up nothing is lost');
SELECT is((SELECT count(*) FROM regexp_matches(doors.diagnose('SELECT doors.descend(3, ''out'')') ->> 'context', 'function doors.step', 'g')),
          3::bigint, 'the context names every level once');
SELECT is(doors.descend(3, 'catch'), 'caught probe message 100%', 'an error caught at the bottom lets all levels return');
SELECT is(doors.diagnose('SELECT doors.descend(3, ''own'')') ->> 'message', 'replaced: probe message 100%', 'an error raised in its place goes up');
SELECT is(doors.diagnose('SELECT doors.descend(3, ''own'')') ->> 'hint', 'A hint of PL/pgSQL.', 'with its hint');
SELECT is(doors.descend(3, 'catch'), 'caught probe message 100%', 'SPI works as before');
SELECT is(doors.live(), 0::bigint, 'no object is alive after all this');
SELECT is(doors.report(), 1::bigint, 'a notice leaves C++ frames alone');

-- 10,000 caught errors each way: no object, no memory.
SELECT doors.catch_many(100), doors.diagnose('SELECT doors.raise_all()') IS NULL AS warm \gset
CREATE FUNCTION doors.diagnose_many(rounds integer) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE good bigint := 0;
BEGIN
  FOR i IN 1 .. rounds LOOP
    BEGIN
      PERFORM doors.raise_all();
    EXCEPTION WHEN SQLSTATE 'QQ042' THEN
      good := good + 1;
    END;
  END LOOP;
  RETURN good;
END $$;
SELECT doors.diagnose_many(100) AS warm \gset
SELECT bytes AS bytes_before, contexts AS contexts_before FROM doors.memory() \gset
SELECT is(doors.catch_many(10000), 10000::bigint, '10,000 errors caught by C++, each the one expected');
SELECT is(doors.diagnose_many(10000), 10000::bigint, '10,000 errors caught by PL/pgSQL');
SELECT cmp_ok(bytes, '<', :bytes_before::bigint + 262144, 'memory grew by less than 256 kB') FROM doors.memory();
SELECT cmp_ok(contexts, '<', :contexts_before::bigint + 20, 'no memory context was left behind') FROM doors.memory();
SELECT is(doors.live(), 0::bigint, 'no object is alive after 20,000 errors');
SELECT cmp_ok(doors.made(), '>', 50000::bigint, 'and there were many');

SELECT * FROM finish();
ROLLBACK;
