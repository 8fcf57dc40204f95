-- The two error doors: after an error the transaction, role, settings and interrupts are as they were.
BEGIN;
\ir _setup.sql
CREATE ROLE doors_other NOLOGIN;
CREATE ROLE ops_owner NOLOGIN;
GRANT USAGE ON SCHEMA doors TO doors_other, ops_owner;
SELECT plan(27);

-- Subtransactions.
SELECT is(doors.subtransaction(false), 'QQ042', 'the error inside is caught');
SELECT results_eq('SELECT line FROM doors.note ORDER BY n', ARRAY['before', 'after'], 'rows of outside stay, the row inside is gone');
TRUNCATE doors.note;
SELECT is(doors.subtransaction(true), 'QQ042', 'nested: the outer error is caught');
SELECT results_eq('SELECT line FROM doors.note ORDER BY n', ARRAY['before', 'after'], 'nested: everything inside is gone');
TRUNCATE doors.note;
SELECT is(doors.subtransaction_other_ways(), '2 7 1', 'a value and a C++ exception leave a subtransaction');
SELECT results_eq('SELECT line FROM doors.note ORDER BY n', ARRAY['kept'], 'success keeps, a C++ exception rolls back');
TRUNCATE doors.note;
SELECT is(doors.subtransaction_end_fails('release'), 'a callback refuses', 'a failing release is rolled back');
SELECT results_eq('SELECT line FROM doors.note ORDER BY n', ARRAY['after'], 'its row is gone and the transaction goes on');
SELECT is(doors.subtransaction(false), 'QQ042', 'the next subtransaction works');
TRUNCATE doors.note;

-- A cancel inside a subtransaction is no result.
SET LOCAL statement_timeout = '200ms';
SELECT is(doors.diagnose('SELECT doors.subtransaction_wait()') ->> 'sqlstate', '57014', 'a timeout inside a subtransaction goes on');
SET LOCAL statement_timeout = 0;
SELECT is_empty('SELECT 1 FROM doors.note', 'and leaves no row');
SELECT is(doors.live(), 0::bigint, 'and no object');

-- Role and settings.
SELECT set_config('search_path', 'public, pg_temp', true) AS set \gset
SELECT is(doors.scope('role'), 'doors_other public, pg_temp | restored', 'RoleScope: the role is the other one inside, the old one after an error');
SELECT is(doors.scope('guc'), 'postgres doors, pg_temp | restored', 'GucScope: the setting holds inside, the old one after an error');
SELECT is(doors.scope('owner'), 'ops_owner pg_catalog, pg_temp | restored', 'OwnerScope: role and search_path hold inside, the old ones after an error');
SELECT is(doors.diagnose('SELECT doors.scope_leaving()') ->> 'sqlstate', 'QQ042', 'an error leaves all scopes');
SELECT is(current_user::text || ' ' || current_setting('search_path'), 'postgres public, pg_temp', 'role and search_path are the old ones then');
SELECT is(doors.diagnose('SELECT doors.bad_setting()') ->> 'sqlstate', '22023', 'a refused setting is an error');
SELECT is(current_setting('search_path'), 'public, pg_temp', 'and undoes the settings before it');

-- Interrupts and lightweight locks.
SELECT is(doors.lwlock(), '0 1 held 0 released', 'an error caught while a lock is held: interrupts stay held off until its release');
SELECT is(doors.diagnose('SELECT doors.leave_held(''scope'')') ->> 'sqlstate', 'QQ042', 'an error leaves while a scope holds a lock');
SELECT is(doors.held(), '0 0 free', 'nothing is held off then');
SELECT is(doors.diagnose('SELECT doors.leave_held(''hand'')') ->> 'sqlstate', 'QQ042', 'an error leaves while a lock is held without a scope');
SELECT is(doors.held(), '0 0 free', 'the server released the lock and nothing is held off');
SET LOCAL statement_timeout = '200ms';
SELECT is(doors.diagnose('SELECT doors.wait(''600'')') ->> 'sqlstate', '57014', 'the session can still be cancelled');
SET LOCAL statement_timeout = 0;
SELECT is(doors.live(), 0::bigint, 'no object is alive after all this');
SELECT is(doors.wait('0'), 'slept', 'a wait that nobody interrupts returns');

SELECT * FROM finish();
ROLLBACK;
