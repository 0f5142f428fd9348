// Scripts for a Raft group: commands, and below each what came of it.
//
//   # What the script is about.
//   group members=3
//   ----
//   ok
//
// Every link takes 1 ms, and so does every sync unless `group` says otherwise. Members are 0, 1, 2, ...; `leader` is
// who leads in the largest term.
//
// Commands. None but `run` lets time pass.
//   group members=N [seed=S] [sync=DURATION] [SWITCH ...]   first, once; switches as in Options:
//     dledger pre-vote check-quorum count-earlier-terms ack-before-durable larger-term-late no-op preferred=M
//   begin M term=T [vote=V] LOG      before `group`: what a member starts with, e.g. 1:a 1:b 2:c
//   run DURATION                     what the members did, as notes: roles, commits, cuts, broken properties
//   propose M WORD ...
//   timeout M                        its election timeout passes
//   transfer M to=M
//   crash M | power-loss M | start M
//   cut M,M | M,...                  members that are not named are a side of their own
//   heal
//   state                            role, term, vote and log of each; | stands behind what is committed
//   sent                             messages since the last `sent`
#ifndef BROKERSIM_TESTS_MODEL_RAFT_SCRIPT_H_
#define BROKERSIM_TESTS_MODEL_RAFT_SCRIPT_H_

#include <string>
#include <string_view>

namespace brokersim::raft {

// Runs the commands of `script` and returns it with their outputs in place of those that were there. Fails the running
// test if the script can't be understood.
std::string RunScript(std::string_view script);

}  // namespace brokersim::raft

#endif  // BROKERSIM_TESTS_MODEL_RAFT_SCRIPT_H_
