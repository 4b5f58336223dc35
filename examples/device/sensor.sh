#!/bin/sh
# Reads the "sensor" each second and leaves a file a minute in the spool.
set -eu
while :; do
  value=$(cut -d' ' -f1 /proc/loadavg)
  echo "reading $value"
  echo "$(date -u +%FT%TZ) $value" >>"$SPOOL/$(date -u +%Y%m%dT%H%M).reading"
  sleep 1
done
