# W2 in SimPy: pairs that play a ball to each other, 0.1 to 1 ms on its way. Prints nanoseconds a message.
# Usage: /usr/bin/python3 w2.py PAIRS MESSAGES
import random
import sys
import time

import simpy

PAIRS, MESSAGES = int(sys.argv[1]), int(sys.argv[2])
received = 0


def send(env, store, ball, stream):
    flight = env.timeout(stream.randint(100_000, 1_000_000))
    flight.callbacks.append(lambda _: store.put(ball))


def player(env, done, mine, other, stream):
    global received
    while True:
        ball = yield mine.get()
        received += 1
        if received == MESSAGES:
            done.succeed()
        send(env, other, ball + 1, stream)


env = simpy.Environment()
done = env.event()
for i in range(PAIRS):
    stores = simpy.Store(env), simpy.Store(env)
    for side in 0, 1:
        env.process(player(env, done, stores[side], stores[1 - side], random.Random(2 * i + side)))
    send(env, stores[1], 1, random.Random(-1 - i))
start = time.perf_counter()
env.run(until=done)
print("%.1f" % ((time.perf_counter() - start) * 1e9 / MESSAGES))
