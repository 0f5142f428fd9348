#include "tests/tidy/rules.h"

namespace brokersim::tidy {

namespace {

// One line an exception. An exception that excuses nothing fails the test, so none outlives its
// reason.
constexpr Exception kExceptions[] = {
    {"tests/tidy/", "unfinished", "spells the words that it forbids"},
    {"sim/base/probe.h", "determinism", "a thread's own pointer to counts; nothing in a run reads them"},
    {"sim/random/stream.h", "determinism", "only in a build of its own: the control of bench/shrink.cc"},
    {"scenarios/loader.cc", "determinism", "sorts the names that it lists"},
    {"scenarios/text_proto.cc", "determinism", "sorts the names that it lists"},
};

}  // namespace

std::span<const Exception> Exceptions() { return kExceptions; }

bool Excuses(const Exception& exception, const Finding& finding) {
  if (exception.rule != finding.rule) return false;
  return exception.path.ends_with('/') ? finding.path.starts_with(exception.path)
                                       : finding.path == exception.path;
}

}  // namespace brokersim::tidy
