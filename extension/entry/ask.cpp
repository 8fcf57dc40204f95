// extension/entry: ops.ask and its relatives.
#include "extension/pg/function.hpp"

#include "extension/ask/ask.hpp"
#include "extension/ask/to_text.hpp"

namespace {

std::string options_or_empty(const pgops::pg::Args& args, int n) { return args.jsonb(n).value_or("{}"); }

pgops::pg::Args& fill_lines(pgops::pg::Args& args, const pgops::Json& envelope) {
  args.begin_rows();
  for (std::string& line : pgops::ask::to_text(envelope)) {
    const std::optional<std::string> row[] = {std::move(line)};
    args.row(row);
  }
  return args;
}

}  // namespace

PGOPS_FUNCTION(pgops_ask) {
  return args.ret_image(pgops::ask::ask(args.required_text(0, "question"), options_or_empty(args, 1)).jsonb);
}

PGOPS_FUNCTION(pgops_ask_text) {
  const pgops::ask::Answer answer = pgops::ask::ask(args.required_text(0, "question"), options_or_empty(args, 1));
  return fill_lines(args, answer.envelope).end_rows();
}

PGOPS_FUNCTION(pgops_plan) {
  return args.ret_json(pgops::ask::plan_only(args.required_text(0, "question"), options_or_empty(args, 1)));
}

PGOPS_FUNCTION(pgops_run_plan) {
  return args.ret_image(pgops::ask::run_plan(args.required_jsonb(0, "plan"), options_or_empty(args, 1)).jsonb);
}

PGOPS_FUNCTION(pgops_call_tool) {
  return args.ret_image(pgops::ask::call_tool(args.required_text(0, "name"), options_or_empty(args, 1)).jsonb);
}

PGOPS_FUNCTION(pgops_query) {
  return args.ret_json(pgops::ask::query(args.required_text(0, "sql"), options_or_empty(args, 1)));
}

PGOPS_FUNCTION(pgops_test_tool) {
  return args.ret_image(
      pgops::ask::test_tool(args.required_text(0, "name"), options_or_empty(args, 1), args.int4(2)).jsonb);
}

PGOPS_FUNCTION(pgops_to_text) {
  auto answer = pgops::Json::parse(args.required_jsonb(0, "answer"));
  return fill_lines(args, answer ? *std::move(answer) : pgops::Json()).end_rows();
}
