#include "runner/build.h"

#include "runner/code_digest.h"
#include "runner/outcome.h"

namespace brokersim::runner {

const std::string& Build() {
  static const std::string& name = *new std::string(std::string(Version()) + "+" + kCodeDigest);
  return name;
}

}  // namespace brokersim::runner
