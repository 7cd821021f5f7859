#!/bin/sh
# Runs a program with what time all others leave over. Linux shares time out between sessions before it looks at `nice`, so
# both are said; sched(7), "The autogroup feature".
[ ! -w /proc/self/autogroup ] || echo 19 > /proc/self/autogroup
exec nice -n 19 "$@"
