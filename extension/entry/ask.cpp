// extension/entry: ops.ask and its relatives.
#include "extension/pg/function.hpp"

#include "extension/ask/ask.hpp"
#include "core/text/answer.hpp"
#include "extension/pg/guc.hpp"
#include "extension/pg/values.hpp"

namespace {

std::string options_or_empty(const pgops::pg::Args& args, int n) { return args.jsonb(n).value_or("{}"); }

// A width that was asked for holds for sentences too; the setting's for tables.
pgops::pg::Args& fill_lines(pgops::pg::Args& args, const pgops::Json& envelope, std::optional<std::int64_t> width) {
  pgops::text::Form form;
  form.width = static_cast<std::size_t>(width.value_or(pgops::pg::guc::text_width));
  form.wrap = width.has_value();
  form.unicode = pgops::pg::setting("client_encoding") == "UTF8";
  args.begin_rows();
  for (std::string& line : pgops::text::to_text(envelope, form)) {
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
  const std::string options = options_or_empty(args, 1);
  const pgops::ask::Answer answer = pgops::ask::ask(args.required_text(0, "question"), options, pgops::ask::Form::both);
  const auto given = pgops::Json::parse(options);
  return fill_lines(args, answer.envelope, given ? (*given)["width"].as_int() : std::nullopt).end_rows();
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
  const std::optional<std::int32_t> width = args.int4(1);
  if (width && (*width < 40 || *width > 1000)) {
    pgops::pg::raise(pgops::Code::tool_bad_request, "width must be from 40 to 1000", {},
                     "Leave it out for pg_ops.text_width.");
  }
  return fill_lines(args, answer ? *std::move(answer) : pgops::Json(), width).end_rows();
}
