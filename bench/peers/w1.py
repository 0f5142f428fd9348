# W1 in SimPy: actors that each wait for a random time, again and again. Prints nanoseconds an event.
# Usage: /usr/bin/python3 w1.py ACTORS EVENTS
import random
import sys
import time

import simpy

ACTORS, EVENTS = int(sys.argv[1]), int(sys.argv[2])
fired = 0


def actor(env, done, stream):
    global fired
    while True:
        yield env.timeout(1 + stream.getrandbits(20))
        fired += 1
        if fired == EVENTS:
            done.succeed()


env = simpy.Environment()
done = env.event()
for i in range(ACTORS):
    env.process(actor(env, done, random.Random(i)))
start = time.perf_counter()
env.run(until=done)
print("%.1f" % ((time.perf_counter() - start) * 1e9 / EVENTS))
