// What could make exactly-once find something early: an effect of nothing, and a second effect. Inputs and effects are
// numbers within intervals, so that a million of them take no more memory than one.
#ifndef BROKERSIM_CHECKER_ONLINE_EXACTLY_ONCE_SUSPICION_H_
#define BROKERSIM_CHECKER_ONLINE_EXACTLY_ONCE_SUSPICION_H_

#include "checker/online/model_suspicion.h"
#include "checker/online/names.h"

namespace brokersim::checker {

class ExactlyOnceSuspicion : public ModelSuspicion {
 public:
  bool Add(const formats::Operation& op) override;

 private:
  void Send(const formats::Operation& op);
  void Process(const formats::Operation& op);
  void Sent(const formats::Operation& op, std::string_view value);

  Names groups_;
  ValueSet sent_;       // by sends that haven't failed
  ValueSet failed_;     // by one at least that has
  ValueSet processed_;  // in any group, whether it came to anything or not
  ValueSet applied_;    // by group
  bool now_ = false;    // with the operation in hand
  bool always_ = false;
  bool has_outputs_ = false;  // of effects, which are seen in logs
};

}  // namespace brokersim::checker

#endif  // BROKERSIM_CHECKER_ONLINE_EXACTLY_ONCE_SUSPICION_H_
