"""The two error doors: cancel, timeout and termination of a session that is inside C++ frames.

Runs on the cluster of the lane (regress/run --lane doors), which has neither pg_ops nor a worker.
"""
import os
import subprocess
import time
import unittest

import psycopg2
import psycopg2.errors
import psycopg2.extras

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def wait_for(condition, what, timeout=30.0):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.01)


class Doors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "regress/doors/_setup.sql"], cwd=ROOT, check=True)
        cls.control = cls.connect()
        cls.run_on(cls.control, "CREATE EXTENSION IF NOT EXISTS pgtap")

    @classmethod
    def tearDownClass(cls):
        cls.run_on(cls.control, "DROP SCHEMA doors CASCADE")
        cls.control.close()

    @staticmethod
    def connect(asynchronous=False):
        connection = psycopg2.connect("", async_=asynchronous)
        if asynchronous:
            psycopg2.extras.wait_select(connection)
        else:
            connection.autocommit = True
        return connection

    @staticmethod
    def run_on(connection, statement, *parameters):
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else None

    def value(self, statement, *parameters):
        return self.run_on(self.control, statement, *parameters)[0][0]

    def interrupted(self, statement, how):
        """Runs a statement in a session, interrupts it by pg_cancel_backend or pg_terminate_backend once it is
        seen running; returns the session and the error it ended with."""
        connection = self.connect(asynchronous=True)
        pid = connection.info.backend_pid
        cursor = connection.cursor()
        cursor.execute(statement)
        wait_for(lambda: self.value("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s AND state = 'active' AND query = %s)", pid, statement),
                 "the statement to run")
        if "spin" not in statement:
            wait_for(lambda: self.value("SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = %s", pid), "the wait")
        self.assertTrue(self.value(f"SELECT {how}(%s)", pid))
        try:
            psycopg2.extras.wait_select(connection)
        except psycopg2.Error as error:
            return connection, pid, error
        self.fail(f"{statement} returned {cursor.fetchall()}")

    def after(self, connection, statement):
        cursor = connection.cursor()
        cursor.execute(statement)
        psycopg2.extras.wait_select(connection)
        return cursor.fetchall()[0][0]

    def test_cancel_passes_a_handler_of_std_exception(self):
        for statement in ("SELECT doors.wait('600')", "SELECT doors.spin()", "SELECT doors.subtransaction_wait()"):
            with self.subTest(statement):
                connection, _, error = self.interrupted(statement, "pg_cancel_backend")
                self.assertEqual(error.pgcode, "57014")
                self.assertIn("canceling statement due to user request", str(error))
                self.assertEqual(self.after(connection, "SELECT doors.live()"), 0)
                connection.close()

    def test_statement_timeout_passes_a_handler_of_std_exception(self):
        connection = self.connect()
        self.run_on(connection, "SET statement_timeout = '100ms'")
        for statement in ("SELECT doors.wait('600')", "SELECT doors.spin()", "SELECT doors.subtransaction_wait()"):
            with self.subTest(statement):
                with self.assertRaises(psycopg2.errors.QueryCanceled) as caught:
                    self.run_on(connection, statement)
                self.assertIn("due to statement timeout", str(caught.exception))
        self.assertEqual(self.run_on(connection, "SELECT doors.live()"), [(0,)])
        connection.close()

    def test_termination_inside_frames_ends_that_session_only(self):
        bystander = self.connect()
        bystander_pid = bystander.info.backend_pid
        for statement in ("SELECT doors.wait('600')", "SELECT doors.spin()", "SELECT doors.subtransaction_wait()"):
            with self.subTest(statement):
                _, pid, error = self.interrupted(statement, "pg_terminate_backend")
                self.assertIn("terminating connection due to administrator command", str(error))
                wait_for(lambda: not self.value("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", pid), "its end")
        self.assertEqual(self.run_on(bystander, "SELECT pg_backend_pid()"), [(bystander_pid,)])
        bystander.close()

    def test_a_failing_rollback_ends_that_session_only(self):
        pid = self.control.info.backend_pid
        connection = self.connect()
        with self.assertRaises(psycopg2.OperationalError):
            self.run_on(connection, "SELECT doors.subtransaction_end_fails('rollback')")
        with open(os.environ["DOORS_LOG"], errors="replace") as log:
            self.assertIn("FATAL:  could not roll back a subtransaction", log.read())
        self.assertEqual(self.value("SELECT pg_backend_pid()"), pid)
        self.assertEqual(self.value("SELECT count(*) FROM doors.note"), 0)

    def test_a_hidden_statement_stays_out_of_the_log(self):
        for how in ("SELECT doors.raise('hidden one', '22012', true), 'secret of a client'",
                    "SELECT doors.diagnose($$SELECT 1$$), doors.raise('hidden two', '22012', true), 'secret of a client'"):
            with self.assertRaises(psycopg2.errors.DivisionByZero):
                self.run_on(self.control, how)
        with open(os.environ["DOORS_LOG"], errors="replace") as log:
            text = log.read()
        self.assertIn("hidden one", text)
        self.assertIn("hidden two", text)
        self.assertNotIn("secret of a client", text)

    def test_log_min_messages_holds_behind_the_doors(self):
        connection = self.connect()
        self.run_on(connection, "SET log_min_messages = panic")
        for statement in ("SELECT doors.raise('unlogged one', '22012')",
                          "DO $$BEGIN PERFORM doors.raise('unlogged two', '22012'); END$$"):
            with self.assertRaises(psycopg2.errors.DivisionByZero):
                self.run_on(connection, statement)
        with open(os.environ["DOORS_LOG"], errors="replace") as log:
            self.assertNotIn("unlogged", log.read())
        connection.close()



if __name__ == "__main__":
    unittest.main()
