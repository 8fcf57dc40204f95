/* guard: the parse guard, layer 1 of the SQL statement guard, behind a C ABI.
 *
 * Judges one statement by its parse tree alone: no catalog, no PostgreSQL headers, no global state but
 * thread-local buffers. It refuses everything that is not one read-only SELECT (VALUES and TABLE
 * included); names prove nothing, so a statement it allows still goes through the analysis guard
 * before it may run. The text is read as under standard_conforming_strings = on: whoever executes it
 * forces that setting on.
 *
 * Never raises, never longjmps through its caller, never recurses by itself. libpg_query has no stack
 * check; the bounds below keep what it recurses under OPSGUARD_STACK_BYTES for any input. */
#ifndef OPSGUARD_PARSE_GUARD_H
#define OPSGUARD_PARSE_GUARD_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OPSGUARD_MAX_BYTES 32768
/* In bytes of operator characters. Operators nest, 128 bytes of C stack each: 16384 of them (32 kB of
 * "1+1+1...") need 2.1 MB. With this bound the worst 32 kB text found by measurement needs 1.3 MB. */
#define OPSGUARD_MAX_OPERATORS 4000
#define OPSGUARD_STACK_BYTES (1536 * 1024)
/* Depth of the JSON tree: two levels for each nested expression. */
#define OPSGUARD_MAX_DEPTH 4096

/* Functions of class "monitor" are refused unless this is given (tools of tenant system that run as
 * ops_stats). */
#define OPSGUARD_ALLOW_MONITOR 1

typedef struct opsguard_names {
  size_t count;
  const char *const *items; /* "name" or "schema.name", each once, in order of appearance */
} opsguard_names;

typedef struct opsguard_result {
  int allowed;
  const char *rule;    /* stable name of the rule that refused; NULL when allowed */
  const char *message; /* lower case, no period */
  const char *hint;    /* full sentence, or NULL */
  int offset;          /* 0-based byte of the text, -1 when the refusal has no place */
  opsguard_names relations; /* without references to the statement's own WITH queries */
  opsguard_names functions;
  int parameters; /* the highest $n */
} opsguard_result;

/* `length` bytes, no terminator needed. NULL only when memory ran out: that is a refusal.
 * The result is freed with opsguard_free. */
opsguard_result *opsguard_check(const char *sql, size_t length, int flags);
void opsguard_free(opsguard_result *result);

#ifdef __cplusplus
}
#endif
#endif
