#!/bin/sh
# A process on a leash dies with whoever started it, even when that one is killed with -9 and can do nothing about it.
#
#   leash.sh STOP_SIGNAL GRACE_TENTHS PROGRAM [ARGUMENT...]
#
# It must be started in a process group of its own, with file descriptor 3 open for reading on a pipe whose other end
# only the starter holds. This shell forks a watcher and then becomes the program: same process id, so signals and exit
# code go straight through. The kernel closes the pipe when the starter dies, however it dies; the watcher then asks the
# program to stop, waits, and kills the whole group, itself included. While the watcher lives, no stranger can get the
# group's number. Nothing here is special to Linux, and it holds for java and postgres as it does for node.
(
  trap '' HUP INT TERM
  read -r _ <&3
  kill -s "$1" $$
  n=0
  while kill -0 $$ && [ $n -lt "$2" ]; do sleep 0.1; n=$((n + 1)); done
  kill -s KILL -- -$$
) >/dev/null 2>&1 &
shift 2
exec "$@" 3<&-
