// Notices whatever could make a model find something, operation by operation, with the memory of what is open.
//
//   std::unique_ptr<ModelSuspicion> suspicion = SuspicionOf("kafka", options, "/var/tmp");
//   ... with each operation that is recorded:
//   if (suspicion->Add(operation)) ask the model about the history so far
#ifndef BROKERSIM_CHECKER_ONLINE_MODEL_SUSPICION_H_
#define BROKERSIM_CHECKER_ONLINE_MODEL_SUSPICION_H_

#include <memory>
#include <string>
#include <string_view>

#include "checker/models.h"
#include "checker/online/suspicion.h"
#include "formats/history.pb.h"

namespace brokersim::checker {

class ModelSuspicion {
 public:
  virtual ~ModelSuspicion() = default;
  // Whether the model must be asked after this operation: wherever it first finds something that doesn't wait for the
  // end (WaitsForTheEnd), this is true; that it is rarely true otherwise is what makes it cheap. They come in their
  // order, none left out.
  virtual bool Add(const formats::Operation& op) = 0;
};

// For the histories of runs. nullptr: nobody knows what to look out for with that model and those options (kafka:
// ww_deps, rw_deps, and where reads from nowhere are allowed).
std::unique_ptr<ModelSuspicion> SuspicionOf(std::string_view model, const CheckOptions& options,
                                            const Settling& settling);

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_ONLINE_MODEL_SUSPICION_H_
