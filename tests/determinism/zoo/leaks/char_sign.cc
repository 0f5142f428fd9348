// A char is negative, or it isn't: on ARM it never is.
#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(char_sign) {
  const char c = static_cast<char>(rig.Next() | 0x80);
  return c < 0 ? 1 : 2;
}
