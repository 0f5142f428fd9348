#!/usr/bin/env python3
"""Writes sim/random/tables.inc: the function tables behind the integer distributions.

The tables are checked in and never made during a build: their last digits must not depend on
anybody's maths library.
"""
import math
import statistics

ONE = 1 << 32


def table(name, comment, values, per_line=4):
    print(f"// {comment}")
    print(f"inline constexpr int64_t {name}[{len(values)}] = {{")
    for i in range(0, len(values), per_line):
        print("    " + ", ".join(str(v) for v in values[i:i + per_line]) + ",")
    print("};\n")


print("// Made by tools/make_random_tables.py. Fixed point with 32 binary places (Q32).\n")
table("kLn", "ln(1 + i/256).", [round(math.log1p(i / 256) * ONE) for i in range(257)])
table("kExp2", "2^(i/256).", [round(2 ** (i / 256) * ONE) for i in range(257)])
normal = statistics.NormalDist()
rows = [-normal.inv_cdf(math.ldexp(1 + j / 32, -(k + 2))) for k in range(40) for j in range(33)]
# The first octave ends at probability 1/2, where the quantile is 0.
rows[32] = 0.0
table("kNormal",
      "Upper normal quantile of 2^-(k+2) * (1 + j/32), at index 33*k + j, for k < 40, j <= 32.",
      [round(v * ONE) for v in rows])
