#!/bin/sh
# brokersim's kernel and other simulators, one core, rounds that take turns: prints nanoseconds an event and ratios.
#
#   bench/peers/run.sh [ROUNDS]          3 rounds unless given; the least of each counts
#
# What isn't installed is left out (packages.txt, section "peers"). Builds into a folder of its own below /tmp.
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-3}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

${BAZEL:-bazel-4} build -c opt //bench:kernel >"$out/log" 2>&1 || { cat "$out/log"; exit 1; }
ours=$(${BAZEL:-bazel-4} info -c opt bazel-bin 2>/dev/null)/bench/kernel
g++ -O2 -std=c++17 -o "$out/ns3" bench/peers/ns3.cc -lns3-core 2>/dev/null ||
  echo "ns-3 isn't installed (libns3-dev)" >&2
g++ -O2 -std=c++17 -o "$out/systemc" bench/peers/systemc.cc -lsystemc 2>/dev/null ||
  echo "SystemC isn't installed (libsystemc-dev)" >&2
g++ -O2 -std=c++17 -o "$out/simgrid" bench/peers/simgrid.cc -lsimgrid 2>/dev/null ||
  echo "SimGrid isn't installed (libsimgrid-dev)" >&2
/usr/bin/python3 -c 'import simpy' 2>/dev/null && touch "$out/simpy" || echo "SimPy isn't installed (python3-simpy3)" >&2

# measure NAME COMMAND...: keeps the least of the numbers that it prints.
measure() {
  name=$1
  shift
  number=$(taskset -c 1 "$@" 2>/dev/null | tail -n 1) || return 0
  case $number in [0-9]*) echo "$name $number" >>"$out/all" ;; esac
}
kernel() {
  taskset -c 1 "$ours" --benchmark_filter="$2" --benchmark_repetitions=1 2>/dev/null |
    awk -v name="$1" -v key="$3" '$1 == key && NF == 2 { print name, $2 }' >>"$out/all"
}
round=0
while [ "$round" -lt "$rounds" ]; do
  round=$((round + 1))
  kernel w1/brokersim '^W1/kernel/1000/' W1/kernel/1000
  kernel w2/brokersim '^W2/kernel/200/' W2/kernel/200
  if [ -x "$out/ns3" ]; then
    for scheduler in Map PriorityQueue Calendar; do
      measure "w1/ns-3-$scheduler" "$out/ns3" w1 1000 2000000 $scheduler
      measure "w2/ns-3-$scheduler" "$out/ns3" w2 100 2000000 $scheduler
    done
  fi
  if [ -x "$out/systemc" ]; then
    measure w1/SystemC "$out/systemc" w1 1000 2000000
    measure w2/SystemC "$out/systemc" w2 100 2000000
  fi
  if [ -x "$out/simgrid" ]; then
    measure w1/SimGrid "$out/simgrid" w1 1000 300000 --cfg=contexts/factory:raw --log=root.thresh:critical
    measure w2/SimGrid "$out/simgrid" w2 100 100000 --cfg=contexts/factory:raw --log=root.thresh:critical
  fi
  if [ -e "$out/simpy" ]; then
    measure w1/SimPy /usr/bin/python3 bench/peers/w1.py 1000 300000
    measure w2/SimPy /usr/bin/python3 bench/peers/w2.py 100 100000
  fi
done
awk '{ if (!($1 in least) || $2 < least[$1]) least[$1] = $2 }
     END { for (name in least) printf "%-24s %10.1f ns %8.1f x\n", name, least[name],
             least[name] / least[substr(name, 1, 2) "/brokersim"] }' "$out/all" | sort
