#include "tests/docs/faults_page.h"

#include <fmt/format.h>

#include <string_view>

#include "sim/fault/catalogue.h"

namespace brokersim::docs {
namespace {

constexpr std::string_view kIntroduction = R"md(# Faults

<!-- Printed from sim/fault/; tests/docs/pages_test.cc says how. -->

What can go wrong in a scenario: {} kinds. A fault has an id, a beginning (`at`, `when_sent`, `when_arrived`,
`after_begin_of`, `after_end_of`, and `plus` some time), an end (`lasts`; without it: `heal_at`), and one kind with its
parameters:

```textproto
fault {{ id: "followers-cut-off" at: "6s" lasts: "16s" partition {{ group {{ node: "follower(orders-0)" }} }} }}
```

- Nodes are selected by terms, which add up: a name, `*`, `dc(NAME)`, `rack(NAME)`, `role(broker)`, `client(p1)`, what
  a node is at that moment (`leader(orders-0)`, `follower(orders-0)`, `isr(orders-0)`, `controller`,
  `coordinator(GROUP)`), `one(TERM)` for a drawn one, and `A - B`. They are resolved when the fault begins; what they
  meant is in the trace and in `--json`.
- Faults overlap. Of what is done to a message the strongest wins: pass, drop, hold, then delay and copies. A node that
  several keep down starts when the last one ends. Nothing that was dropped comes back at the end.
- Every fault counts its effects: messages, nodes, blocks, operations. One without any makes the verdict *unknown*
  (inert, exit code 2), as nothing was tried; `may_be_inert: true` allows it.
- A kind is *tolerable* if a correct system recovers from it, or *beyond* what systems promise: then only safety is
  judged, and a run that is stuck is unknown, not without progress.
- Kinds marked with * belong to the first wave of the study that the kinds come from.
)md";

}  // namespace

std::string FaultsPage() {
  std::string page = fmt::format(fmt::runtime(kIntroduction), sim::AllFaultKinds().size());
  std::string_view section;
  for (const sim::KindText& kind : sim::AllFaultKinds()) {
    if (kind.info->section != section) {
      section = kind.info->section;
      page += fmt::format("\n## {}\n", sim::SectionTitle(section));
    }
    page += fmt::format("\n### {}{}\n\n{}\n\n*{}; {}{}*\n", kind.info->name, kind.info->first_wave ? " *" : "",
                        kind.info->text, sim::MechanismNames(kind.info->mechanisms),
                        kind.info->budget == sim::Budget::kTolerable ? "tolerable" : "beyond",
                        kind.info->instant ? "; done as soon as it begins" : "");
    if (kind.parameters.empty()) continue;
    page += "\n| Parameter | Type | Default | Meaning |\n|---|---|---|---|\n";
    for (const sim::ParameterText& parameter : kind.parameters) {
      page += fmt::format("| `{}` | {} | {} | {} |\n", parameter.name, parameter.type, parameter.default_value,
                          parameter.text);
    }
  }
  return page;
}

}  // namespace brokersim::docs
