#!/bin/sh
# Holds the network and mount namespaces of one test engine, and ends everything of it when its standard input ends: when
# the test closes it, and also when the test was killed. DIRECTORY is removed, with all that is mounted on its `data`.
set -u
directory=$1
trap '' HUP INT TERM

# Somebody else's engine on this host shares neither bridges nor packet filters nor mounts with this one.
unshare --net --mount --propagation slave sh -c 'ip link set lo up && echo ready && exec sleep infinity >&- 2>&-' <&- &
holder=$!
echo "$holder"
cat >/dev/null

# Of this engine: dockerd, what it started, and the registries beside it, all with the directory among their arguments.
programs() {
  for file in /proc/[0-9]*/cmdline; do
    pid=${file#/proc/}
    pid=${pid%/cmdline}
    command=$({ tr '\0' ' ' <"$file"; } 2>/dev/null) || continue
    case $command in
      *dockerd*"$directory"* | *containerd*"$directory"* | *docker-registry*"$directory"* | *runc*"$directory"*) echo "$pid" ;;
    esac
  done
}

cgroups() { # of its containers, the innermost first
  find /sys/fs/cgroup -depth -type d -path "*/${directory##*/}*" 2>/dev/null
}

members() {
  cgroups | while read -r cgroup; do cat "$cgroup/cgroup.procs" 2>/dev/null; done | sort -u
}

kill -9 "$holder"
# What starts others goes first: whoever was being started meanwhile is found in the next round.
rounds=0
while [ "$rounds" -lt 200 ]; do
  left="$(programs) $(members)"
  [ -n "${left% }" ] || break
  # shellcheck disable=SC2086 # a list of numbers
  kill -9 $left 2>/dev/null
  sleep 0.05
  rounds=$((rounds + 1))
done
cgroups | while read -r cgroup; do rmdir "$cgroup" 2>/dev/null; done
umount "$directory/data" 2>/dev/null
rm -rf -- "$directory"
