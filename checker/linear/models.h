// The sequential models that come with brokersim.
#ifndef BROKERSIM_CHECKER_LINEAR_MODELS_H_
#define BROKERSIM_CHECKER_LINEAR_MODELS_H_

#include <memory>

#include "checker/linear/model.h"

namespace brokersim::checker {

// A register, nil at first. With `has_cas` it also takes :cas [from to]; with `failed_cas_differs` a cas that
// FAILed says that the register didn't hold `from` (Porcupine's reading), else just that it did not happen
// (Knossos').
std::unique_ptr<Model> NewRegister(bool has_cas, bool failed_cas_differs);
std::unique_ptr<Model> NewKv();
std::unique_ptr<Model> NewAppendKv();
std::unique_ptr<Model> NewQueue(bool is_fifo);
std::unique_ptr<Model> NewSet();
std::unique_ptr<Model> NewCounter();
std::unique_ptr<Model> NewMutex();
std::unique_ptr<Model> NewLog();

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_LINEAR_MODELS_H_
