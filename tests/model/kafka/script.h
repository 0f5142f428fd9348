// Scripts for a Kafka cluster: commands, and below each what came of it.
//
//   # What the script is about.
//   cluster brokers=3 replicas=1,2,3 min.insync.replicas=2
//   ----
//   ok
//
//   produce to=b1 acks=all values=a,b
//   ----
//
// The cluster is made of the model's own controller and brokers; nothing but the client is the test's. Its one
// partition is orders-0. Every link takes 1 ms, and so does every sync; nothing is drawn that an output shows.
//
// Commands. Those that do something take 1 ms; `run` lets more time pass.
//   cluster brokers=N replicas=ID,ID,... [SETTING=VALUE ...]   first, once; settings as in server.properties
//     transactions=ID,ID,... are the replicas of __transaction_state, which has one partition
//     offsets=ID,ID,... those of __consumer_offsets
//   run DURATION               shows what the processes noted, and what the client was answered
//   produce to=BROKER acks=0|1|all values=V,V,... [producer=ID epoch=E sequence=S] [timeout=DURATION]
//                              one batch; txn=ID: of a transaction
//   fetch from=BROKER offset=N [epoch=E] [fetched-epoch=E] [as=ID]   as a consumer, or as a follower
//     isolation=read_committed   the answer ends with the transactions that were aborted
//   init to=BROKER txn=ID [timeout=DURATION] [producer=ID epoch=E]   initTransactions()
//   add to=BROKER txn=ID producer=ID epoch=E                         orders-0 becomes part of the transaction
//   end to=BROKER txn=ID producer=ID epoch=E commit|abort
//   add-offsets to=BROKER txn=ID producer=ID epoch=E                 the offsets of group "g" become part of it
//   commit-offsets to=BROKER offset=N [txn=ID producer=ID epoch=E] [generation=N member=ID]   of "g" in orders-0
//   fetch-offsets to=BROKER
//   state                      of the controller and of every replica
//   crash NODE | start NODE | stop NODE | power-loss NODE [lost|kept]   (stop: controlled shutdown)
//   pause NODE | resume NODE
//   cut NODE,NODE | NODE,...   nodes that are not named are a side of their own
//   heal                       ends every cut
#ifndef BROKERSIM_TESTS_MODEL_KAFKA_SCRIPT_H_
#define BROKERSIM_TESTS_MODEL_KAFKA_SCRIPT_H_

#include <string>
#include <string_view>

namespace brokersim::kafka {

// Runs the commands of `script` and returns it with their outputs in place of those that were there.
// Fails the running test if the script can't be understood.
std::string RunScript(std::string_view script);

}  // namespace brokersim::kafka

#endif  // BROKERSIM_TESTS_MODEL_KAFKA_SCRIPT_H_
