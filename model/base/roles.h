// Roles that a process plays for something, as selectors name them: "leader(orders-0)".
#ifndef BROKERSIM_MODEL_BASE_ROLES_H_
#define BROKERSIM_MODEL_BASE_ROLES_H_

#include <string_view>

namespace brokersim::model {

struct RoleTerm {
  std::string_view kind;  // "leader"
  std::string_view of;    // "orders-0"; empty if the term has no parentheses
};

// Allocates nothing: drills ask every node for its roles ten times a second.
constexpr RoleTerm ParseRole(std::string_view term) {
  const size_t open = term.find('(');
  if (open == term.npos || term.back() != ')') return {term, {}};
  return {term.substr(0, open), term.substr(open + 1, term.size() - open - 2)};
}

}  // namespace brokersim::model

#endif  // BROKERSIM_MODEL_BASE_ROLES_H_
