#!/bin/sh
# Leaves an orphan behind, as many programs do, and ends in order when it is told to.
trap 'echo "app: closing"; exit 0' TERM
(sleep 1 &)
echo "app: serving"
while :; do
  sleep 1 &
  wait $!
done
