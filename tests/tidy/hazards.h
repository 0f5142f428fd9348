// Rules for what has a shape rather than a name: pointers as keys, mutable statics, sorts that leave ties to the
// library, two draws in one statement. By the look of lines: they know no types, so an alias hides what it names.
#ifndef BROKERSIM_TESTS_TIDY_HAZARDS_H_
#define BROKERSIM_TESTS_TIDY_HAZARDS_H_

#include <vector>

#include "tests/tidy/rules.h"
#include "tests/tidy/source_file.h"

namespace brokersim::tidy {

// REQUIRES: a C++ file of a room that must be deterministic.
void CheckHazards(const SourceFile& file, std::vector<Finding>& out);

}  // namespace brokersim::tidy

#endif  // BROKERSIM_TESTS_TIDY_HAZARDS_H_
