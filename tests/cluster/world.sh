#!/bin/sh
# Runs a command in namespaces of its own, in which a node may do as it likes: its processes, mounts,
# network and files are gone with the command, however that ends.
#   tests/cluster/world.sh COMMAND [ARGUMENT]…
# What is left outside are folders of control groups, without processes; the next run removes them.
set -eu
if [ "${1:-}" != --inside ]; then
    exec unshare --mount --net --pid --ipc --uts --fork --kill-child --mount-proc -- "$0" --inside "$@"
fi
shift
# All files: programs with a fixed folder (the runtime's sockets, the kubelet's logs) have it to themselves.
for folder in /run /var/log /mnt; do
    mount -t tmpfs -o mode=755 cluster "$folder"
done
mount --make-rshared /mnt
mkdir /run/lock /mnt/tmp
chmod 1777 /mnt/tmp
# The pods' network. The node's own end is where they find PostgreSQL. A bridge without an address of
# its own takes that of a pod, and another one when that pod goes: the others would talk to nobody.
ip link set lo up
ip link add pods address 02:00:00:00:00:01 type bridge
ip address add 10.88.0.1/24 dev pods
ip link set pods up
TMPDIR=/mnt/tmp "$@"
