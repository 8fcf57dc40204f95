// core/model: frames as SQL, see sql.hpp.
#include "core/model/sql.hpp"

#include <algorithm>
#include <set>

namespace pgops::model {
namespace {

class Builder {
 public:
  explicit Builder(const Model& m) : m_(m) {}

  Statement run(const Frame& f) {
    std::string select;
    std::string tail;
    switch (f.ask) {
      case Ask::rows: rows(f, select, tail); break;
      case Ask::values:
        select = "SELECT DISTINCT " + as(column(f.of), m_.dimensions[f.of].name);
        tail = " ORDER BY 1";
        break;
      case Ask::share: share(f, select); break;
      default: figures(f, select, tail); break;
    }
    std::string where = conditions(f.filters);
    const auto also = [&](const std::string& condition) { where += (where.empty() ? "" : " AND ") + condition; };
    if (!f.since.empty() || !f.until.empty()) also(within(m_.time, f.since, f.until));
    if (f.ask == Ask::values) also(column(f.of) + " IS NOT NULL");
    if (!ordered_.empty()) also(ordered_ + " IS NOT NULL");
    std::string any;
    if (f.ask == Ask::exists || (f.ask == Ask::count && f.group_by.empty())) {
      // Whether nothing matched, or nothing is there.
      any = ", EXISTS (SELECT FROM " + relation(m_.schema, m_.table) + ") AS any_at_all";
    }
    out_.sql = select + any + from() + (where.empty() ? "" : " WHERE " + where) + tail;
    if (f.limit) out_.sql += " LIMIT " + std::to_string(*f.limit);
    return std::move(out_);
  }

  std::string probe() {
    std::string list;
    const auto add = [&](const std::string& expression, const std::string& name) {
      list += (list.empty() ? "SELECT " : ", ") + as(expression, name);
    };
    for (std::size_t d = 0; d < m_.dimensions.size(); ++d) {
      add(column(d), m_.dimensions[d].name);
      for (std::size_t a = 0; a < m_.dimensions[d].aliases.size(); ++a) {
        add(qualified(m_.dimensions[d].link, m_.dimensions[d].aliases[a]),
            m_.dimensions[d].name + "." + std::to_string(a));
      }
    }
    for (std::size_t i = 0; i < m_.measures.size(); ++i) add(measure(i), "measure." + m_.measures[i].name);
    if (list.empty()) list = "SELECT 1 AS one";
    for (std::size_t i = 0; i < m_.links.size(); ++i) links_.insert(i);
    return list + from() + " LIMIT 0";
  }

  std::string values(std::size_t d, bool by_text, std::int64_t limit) {
    const Dimension& dimension = m_.dimensions[d];
    const std::string value = column(d);
    std::string aliases = "NULL::text[]";
    std::string match = "lower(" + value + "::text) = ANY (:p1::text[])";
    if (!dimension.aliases.empty()) {
      aliases.clear();
      for (const std::string& alias : dimension.aliases) {
        const std::string name = qualified(dimension.link, alias) + "::text";
        aliases += (aliases.empty() ? "ARRAY[" : ", ") + name;
        match += " OR lower(" + name + ") = ANY (:p1::text[])";
      }
      aliases += "]";
    }
    std::string sql = "SELECT DISTINCT " + value + "::text AS value, " + aliases + " AS aliases" + from() + " WHERE " +
                      value + " IS NOT NULL";
    if (by_text) sql += " AND (" + match + ")";
    return sql + " LIMIT " + std::to_string(limit);
  }

 private:
  static std::string relation(const std::string& schema, const std::string& table) {
    return quote_identifier(schema) + "." + quote_identifier(table);
  }
  static std::string as(const std::string& expression, const std::string& name) {
    return expression + " AS " + quote_identifier(name);
  }
  std::string qualified(std::size_t link, const std::string& name) {
    if (link == kNone) return "t." + quote_identifier(name);
    links_.insert(link);
    return "l" + std::to_string(link) + "." + quote_identifier(name);
  }
  std::string column(std::size_t d) { return qualified(m_.dimensions[d].link, m_.dimensions[d].column); }

  std::string measure(std::size_t i) {
    const Measure& m = m_.measures[i];
    if (m.from.empty()) return qualified(kNone, m.column);
    return "extract(epoch FROM (" + qualified(kNone, m.to) + " - " + qualified(kNone, m.from) + "))";
  }

  std::string bind(Json value, const char* type) {
    const std::string name = "p" + std::to_string(out_.args.size() + 1);
    out_.args.add(name, std::move(value));
    out_.types.add(name, type);
    return ":" + name;
  }

  // Many rows to one: nothing is counted twice, and rows without one are kept.
  std::string from() const {
    std::string out = " FROM " + relation(m_.schema, m_.table) + " AS t";
    for (const std::size_t i : links_) {
      const std::string alias = "l" + std::to_string(i);
      out += " LEFT JOIN " + relation(m_.links[i].schema, m_.links[i].table) + " AS " + alias + " ON (";
      bool first = true;
      for (const auto& [own, other] : m_.links[i].on) {
        out += (first ? "" : " AND ") + std::string("t.") + quote_identifier(own) + " = " + alias + "." +
               quote_identifier(other);
        first = false;
      }
      out += ")";
    }
    return out;
  }

  std::string within(std::size_t d, const std::string& since, const std::string& until) {
    const std::string c = column(d);
    const bool date = m_.dimensions[d].type == Type::date;
    std::string out;
    if (!since.empty()) {
      const std::string p = bind(Json(since), "date-time");
      out = date ? c + " >= (" + p + "::timestamptz)::date" : c + " >= " + p + "::timestamptz";
    }
    if (!until.empty()) {
      const std::string p = bind(Json(until), "date-time");
      out += out.empty() ? "" : " AND ";
      // A day counts when any of it lies before the bound.
      out +=
          date ? c + " <= (" + p + "::timestamptz - interval '1 microsecond')::date" : c + " < " + p + "::timestamptz";
    }
    return out;
  }

  std::string condition(const Filter& f) {
    if (f.op == "within") return within(f.dimension, f.since, f.until);
    const std::string c = f.measure != kNone ? measure(f.measure) : column(f.dimension);
    const char* type = f.measure != kNone ? "number" : "string";
    if (f.op == "missing") return c + " IS NULL";
    if (f.op == "present") return c + " IS NOT NULL";
    if (f.op == "between") return c + " BETWEEN " + bind(f.values[0], type) + " AND " + bind(f.values[1], type);
    if (f.op == "in" || f.op == "not in") {
      Json list = Json::array();
      for (const Json& v : f.values) list.push_back(v);
      return (f.op == "in" ? c + " = ANY (" : c + " <> ALL (") + bind(std::move(list), "") + ")";
    }
    return c + " " + f.op + " " + bind(f.values.front(), type);
  }

  std::string conditions(const std::vector<Filter>& filters) {
    std::string out;
    for (const Filter& f : filters) out += (out.empty() ? "" : " AND ") + condition(f);
    return out;
  }

  void share(const Frame& f, std::string& select) {
    const std::string part = "count(*) FILTER (WHERE " + conditions(f.part) + ")";
    // The same condition twice would take its values twice.
    select = "SELECT round(100.0 * s.part / nullif(s.total, 0), 2) AS percent, s.part, s.total FROM (SELECT " + part +
             " AS part, count(*) AS total";
    wrapped_ = true;
  }

  std::string figure(const Frame& f) {
    switch (f.ask) {
      case Ask::distinct: return "count(DISTINCT " + column(f.of) + ")";
      case Ask::sum: return "sum(" + measure(f.of) + ")";
      case Ask::avg: return "round(avg(" + measure(f.of) + ")::numeric, 4)";
      case Ask::min: return "min(" + measure(f.of) + ")";
      case Ask::max: return "max(" + measure(f.of) + ")";
      default: return "count(*)";
    }
  }

  void figures(const Frame& f, std::string& select, std::string& tail) {
    std::string list;
    std::string keys;
    for (std::size_t i = 0; i < f.group_by.size(); ++i) {
      const Group& g = f.group_by[i];
      std::string expression;
      if (g.dimension != kNone) {
        expression = column(g.dimension);
      } else {
        expression = "date_trunc('" + g.unit + "', " + column(m_.time) + ")";
        // Local days are dates; an hour needs its offset.
        if (g.unit != "hour") expression += "::date";
      }
      list += as(expression, g.dimension != kNone ? m_.dimensions[g.dimension].name : g.unit) + ", ";
      keys += (keys.empty() ? "" : ", ") + std::to_string(i + 1);
    }
    select = "SELECT " + list + as(figure(f), figure_column(f, m_));
    if (keys.empty()) return;
    tail = " GROUP BY " + keys;
    if (!f.having_op.empty())
      tail += " HAVING " + figure(f) + " " + f.having_op + " " + bind(Json::number(f.having_value), "number");
    const bool ranked = f.order_by == "measure";
    tail += " ORDER BY ";
    if (ranked)
      tail += std::to_string(f.group_by.size() + 1) + (f.descending ? " DESC NULLS LAST, " : " ASC NULLS LAST, ");
    tail += keys;
  }

  void rows(const Frame& f, std::string& select, std::string& tail) {
    std::vector<std::size_t> shown = f.attributes.empty() ? m_.shown : f.attributes;
    if (shown.empty()) {
      for (std::size_t d = 0; d < m_.dimensions.size(); ++d) {
        if (m_.dimensions[d].link == kNone) shown.push_back(d);
      }
    }
    std::string list;
    for (const std::size_t d : shown) list += (list.empty() ? "" : ", ") + as(column(d), m_.dimensions[d].name);
    for (const std::size_t i : f.extra) list += (list.empty() ? "" : ", ") + as(measure(i), m_.measures[i].name);
    select = "SELECT " + (list.empty() ? "1 AS one" : list);
    if (f.order_by.empty()) return;
    std::string by;
    if (f.order_by == "time") {
      by = column(m_.time);
    } else if (const std::size_t i = m_.measure(f.order_by); i != kNone && m_.dimension(f.order_by) == kNone) {
      by = measure(i);
    } else {
      by = column(m_.dimension(f.order_by));
    }
    // The largest and the latest are never what has no value.
    if (f.limit && (f.order_by == "time" || m_.measure(f.order_by) != kNone ||
                    (m_.dimension(f.order_by) != kNone && m_.dimensions[m_.dimension(f.order_by)].temporal()))) {
      ordered_ = by;
    }
    tail = " ORDER BY " + by + (f.descending ? " DESC NULLS LAST" : " ASC NULLS LAST");
  }

 public:
  bool wrapped() const { return wrapped_; }

 private:
  const Model& m_;
  Statement out_;
  std::set<std::size_t> links_;
  std::string ordered_;
  bool wrapped_ = false;
};

}  // namespace

std::string quote_identifier(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  return out + "\"";
}

std::string figure_column(const Frame& f, const Model& m) {
  if (f.ask == Ask::rows || f.ask == Ask::values) return {};
  if (f.ask == Ask::share) return "percent";
  if (aggregates(f.ask)) return std::string(to_string(f.ask)) + "_" + m.measures[f.of].name;
  return "count";
}

Statement to_sql(const Frame& frame, const Model& model) {
  Builder builder(model);
  Statement out = builder.run(frame);
  if (builder.wrapped()) out.sql += ") AS s";
  return out;
}

std::string probe_sql(const Model& model) { return Builder(model).probe(); }

std::string values_sql(const Model& model, std::size_t dimension, bool by_text, std::int64_t limit) {
  return Builder(model).values(dimension, by_text, limit);
}

}  // namespace pgops::model
