#!/bin/sh
# Ends what a process had going, should it be killed: reads "+ GROUP SECONDS" when it starts a program, "- GROUP" when
# that has ended. When the pipe breaks, each group that is left is asked to end, and made to after its seconds.
going=
while read -r what group seconds; do
  case $what in
    +) going="$going $group/$seconds" ;;
    -)
      kept=
      for each in $going; do
        [ "${each%%/*}" = "$group" ] || kept="$kept $each"
      done
      going=$kept
      ;;
  esac
done
for each in $going; do
  {
    kill -s TERM -- "-${each%%/*}"
    sleep "${each#*/}"
    kill -s KILL -- "-${each%%/*}"
  } 2> /dev/null &
done
wait
