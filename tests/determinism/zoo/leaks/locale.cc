// A text is formatted as the locale says.
#include <clocale>
#include <cstdio>

#include "tests/determinism/zoo/rig.h"

BROKERSIM_LEAK(locale) {
  std::setlocale(LC_ALL, "");
  char text[32];
  return std::snprintf(text, sizeof text, "%ls", L"caf\u00e9");
}
