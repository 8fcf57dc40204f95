// extension/ask: what a question's texts may mean in the data, under the caller's tenant.
//
// Each resolver or dimension is read once for a request, by an executor, as ops_tool and through the guard, within
// the request's deadline, and is forgotten with the request. The planner records which texts were looked for and
// what they may mean; no other stored value leaves this file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/values.hpp"
#include "core/nlu/lookup.hpp"
#include "extension/ask/request.hpp"

namespace pgops::ask {

class DataLookup {
 public:
  explicit DataLookup(const Request& request) : request_(request) {}
  std::vector<nlu::LookupAnswer> answer(const std::vector<nlu::LookupQuery>& queries);
  // The code of the first look-up that failed; empty: none did.
  const std::string& problem() const noexcept { return problem_; }

 private:
  struct Known {
    std::vector<model::StoredValue> values;
    bool complete = true;  // all there are
    std::string problem;
  };
  struct Source {
    std::string all;      // statement for all values
    std::string by_text;  // for those that match :p1
  };

  const Known& known(const nlu::LookupDomain& domain, const std::vector<std::string>& texts);
  std::optional<Source> source(const nlu::LookupDomain& domain) const;
  Known read(const std::string& sql, const Json& args) const;

  const Request& request_;
  std::map<nlu::LookupDomain, Known> known_;
  std::string problem_;
};

}  // namespace pgops::ask
