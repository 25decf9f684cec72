#!/bin/sh
# The part of a laboratory engine that root does: run containerd and dockerd, and clear up after them, however they ended.
#
#   engine.sh run   FOLDER CGROUP BRIDGE lease|keep DOCKERD-OPTION...
#   engine.sh clean FOLDER CGROUP BRIDGE
#
# `run` ends when dockerd does, when it gets SIGTERM, or, with a lease, when its standard input closes, which the kernel does
# for a test process that dies, even by SIGKILL.
set -u
mode=$1 folder=$2 cgroup=$3 bridge=$4
shift 4

# Containers' processes, by the engine's own cgroup (v1: one tree per controller; v2: one tree).
container_pids() {
  cat /sys/fs/cgroup/*/"$cgroup"/*/cgroup.procs /sys/fs/cgroup/"$cgroup"/*/cgroup.procs 2>/dev/null | sort -u | grep -v '^0$'
}

# The engine's own processes: they name its folder, and are what they should be (not an editor that has its log open).
engine_pids() {
  for file in $(grep -lsF "$folder/" /proc/[0-9]*/cmdline); do
    pid=${file#/proc/} pid=${pid%/cmdline}
    case $(cat "/proc/$pid/comm" 2>/dev/null) in dockerd | containerd | containerd-shim*) echo "$pid" ;; esac
  done
}

clean() {
  for _ in $(seq 100); do
    left="$(container_pids) $(engine_pids)"
    [ "$left" = " " ] && break
    # shellcheck disable=SC2086 # a list of numbers
    kill -KILL $left 2>/dev/null
    sleep 0.05
  done
  # /proc/mounts writes a space as \040; the last mounted goes first.
  tac /proc/mounts | while read -r _ target _; do
    target=$(printf '%b' "$target")
    case $target in "$folder"/*) umount -l "$target" ;; esac
  done
  find /sys/fs/cgroup/*/"$cgroup" /sys/fs/cgroup/"$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
  ip link delete "$bridge" 2>/dev/null
  rm -rf "$folder/exec" "$folder/containerd-state" "$folder/docker.sock" "$folder"/*.pid
}

if [ "$mode" = clean ]; then
  supervisor=$(cat "$folder/supervisor.pid" 2>/dev/null) &&
    grep -qF "$folder" "/proc/$supervisor/cmdline" 2>/dev/null && kill -KILL "$supervisor"
  clean
  exit 0
fi

holder=$1
shift
echo $$ >"$folder/supervisor.pid"
exec 3<&0 </dev/null

containerd --config "$folder/containerd.toml" >"$folder/containerd.log" 2>&1 3<&- &
containerd=$!
dockerd "$@" >"$folder/dockerd.log" 2>&1 3<&- &
dockerd=$!

ending=
trap 'ending=yes' TERM
lease=
if [ "$holder" = lease ]; then
  (
    read -r _ <&3
    kill -TERM $$
  ) &
  lease=$!
fi

wait "$dockerd"
if [ -n "$ending" ]; then
  # In a hurry: its containers get no ten seconds to stop. dockerd is told first, so that it restarts none of them.
  kill -CONT "$dockerd"
  kill -TERM "$dockerd"
  for _ in $(seq 100); do
    kill -0 "$dockerd" 2>/dev/null || break
    # shellcheck disable=SC2046 # a list of numbers
    kill -KILL $(container_pids) 2>/dev/null
    sleep 0.1
  done
fi
[ -n "$lease" ] && kill "$lease" 2>/dev/null
kill -TERM "$containerd"
wait "$containerd"
clean
