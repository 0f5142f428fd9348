#include "tests/model/kafka/mutants_hunt.h"

namespace brokersim::kafka {

const std::vector<std::pair<std::string_view, uint64_t>>& CleanRuns() {
  static const std::vector<std::pair<std::string_view, uint64_t>> runs = {
      {"storm", 2500},  {"groups", 1000}, {"zombie", 750}, {"power", 1000},  {"flush", 1000},   {"behind", 750},
      {"shrunk", 750},  {"cut", 750},     {"alone", 500},  {"clock", 500},   {"joining", 500},  {"returns", 500},
      {"lagging", 500}, {"dropped", 500}, {"slowflush", 500}};
  return runs;
}

const std::vector<Place>& Places() {
  static const std::vector<Place> places = {
      {"ack-before-replication", "cut", 1, "lost-write"},
  };
  return places;
}

}  // namespace brokersim::kafka
