// Probes: marks on rare branches, so that a sweep can tell which of them no seed has reached.
//
//   if (unclean) {
//     BROKERSIM_PROBE("kafka/controller: unclean election");
//
// A probe changes nothing: nobody in a run can read the counts. Where nobody counts it costs one look at
// a thread's own pointer. All probes of a program are listed, reached or not: each leaves a pointer in a section
// of its own, which the linker puts together (the order is the linker's; reports sort by name).
// In .cc files only, outside of templates and inline functions.
#ifndef BROKERSIM_SIM_BASE_PROBE_H_
#define BROKERSIM_SIM_BASE_PROBE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace brokersim::sim {

struct ProbeSite {
  std::string_view name;
};

// How often each probe was reached, by its place in the list of all.
using ProbeCounts = std::vector<uint64_t>;

extern "C" {
// Set by the linker. Weak: a program may have no probe at all.
extern const ProbeSite* const __start_brokersim_probes[] __attribute__((weak));
extern const ProbeSite* const __stop_brokersim_probes[] __attribute__((weak));
}

inline size_t ProbeTotal() {
  const ProbeSite* const* const begin = __start_brokersim_probes;
  return begin == nullptr ? 0 : static_cast<size_t>(__stop_brokersim_probes - begin);
}

inline std::string_view ProbeName(size_t index) { return __start_brokersim_probes[index]->name; }

// Where this thread counts; null: nowhere. A thread's own, so that runs side by side count apart.
inline thread_local ProbeCounts* probe_sink = nullptr;

inline void NoteProbe(const ProbeSite* const* entry) {
  if (probe_sink == nullptr) return;
  ++(*probe_sink)[static_cast<size_t>(entry - __start_brokersim_probes)];
}

// Counts into `counts`, which is made long enough, as long as this lives.
class ProbeScope {
 public:
  explicit ProbeScope(ProbeCounts* counts) : former_(probe_sink) {
    counts->resize(ProbeTotal());
    probe_sink = counts;
  }
  ~ProbeScope() { probe_sink = former_; }
  ProbeScope(const ProbeScope&) = delete;
  ProbeScope& operator=(const ProbeScope&) = delete;

 private:
  ProbeCounts* former_;
};

}  // namespace brokersim::sim

#define BROKERSIM_PROBE(text)                                                                             \
  do {                                                                                                    \
    static constexpr ::brokersim::sim::ProbeSite site{text};                                              \
    static const ::brokersim::sim::ProbeSite* const entry                                                 \
        __attribute__((section("brokersim_probes"), used)) = &site;                                       \
    ::brokersim::sim::NoteProbe(&entry);                                                                  \
  } while (false)

#endif  // BROKERSIM_SIM_BASE_PROBE_H_
