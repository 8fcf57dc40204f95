"""Bench of answers: the baseline, PostgreSQL's full-text ranking over one document per tool.

What anybody can build in an afternoon: ts_rank of the question's words (any of them) over name, description and
examples of each tool, nouns and words of each model. It only picks a tool; it fills no arguments and refuses nothing.
"""
import json

SETUP = """
CREATE TEMPORARY TABLE document (tenant text, tool text, words tsvector)
"""
RANK = """
SELECT tool FROM document, (SELECT to_tsquery('english', string_agg(quote_literal(lexeme), ' | '))
                            FROM unnest(to_tsvector('english', %s))) AS wanted (query)
WHERE tenant IN (%s, 'system') AND words @@ query ORDER BY ts_rank(words, query) DESC, tool LIMIT 3
"""


def texts(value):
    """All strings and keys of a JSON value, identifiers taken apart."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key.replace("_", " ")
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value.replace("_", " ")


class Baseline:
    def __init__(self, connection, documents):
        self.connection = connection
        with connection.cursor() as cursor:
            cursor.execute(SETUP)
            cursor.execute(documents)
            for tenant, kind, name, spec in cursor.fetchall():
                spec = spec or {}
                parts = spec if kind == "model" else {k: spec[k] for k in ("description", "examples", "capabilities") if k in spec}
                text = " ".join([name.replace("_", " "), *texts(json.loads(json.dumps(parts, default=str)))])
                cursor.execute("INSERT INTO document VALUES (%s, %s, to_tsvector('english', %s))",
                               (tenant, ("" if kind == "tool" else kind + ":") + name, text))

    def best(self, question):
        """The three best tools' names."""
        with self.connection.cursor() as cursor:
            cursor.execute(RANK, (question["question"], question["tenant"]))
            return [row[0] for row in cursor.fetchall()]
