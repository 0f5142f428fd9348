// The address of an object gets into a text.
#include <functional>
#include <memory>
#include <sstream>
#include <string>

#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(pointer_printed) {
  const auto session = std::make_unique<uint64_t>(rig.Next());
  std::ostringstream text;
  text << "session " << static_cast<const void*>(session.get());
  int64_t sum = 0;
  for (const char c : text.str()) sum = sum * 31 % 1000003 + c;
  return sum;
}
