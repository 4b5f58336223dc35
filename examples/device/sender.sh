#!/bin/sh
# "Sends" what is complete: each file but the newest is marked as sent.
set -eu
while :; do
  newest=
  for file in "$SPOOL"/*.reading; do
    [ -e "$file" ] || continue
    if [ -n "$newest" ]; then
      mv "$newest" "${newest%.reading}.sent"
      echo "sent ${newest##*/}"
    fi
    newest=$file
  done
  sleep 5
done
