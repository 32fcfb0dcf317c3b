#!/bin/sh
# The first process of a user-mode Linux (uml.ts starts it): makes the file systems that a machine has, runs one command,
# leaves its output and exit status in the job's folder and switches the machine off.
# From the kernel's command line: UML_JOB, folder of the job on the host; UML_CACHE, folder of compiled code; UML_WORK,
# where the command runs.

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH HOME=/root TMPDIR=/run/tmp NODE_COMPILE_CACHE=/run/cache

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/tmp /run/job /run/cache /run/modules/lib /dev/shm /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts
for link in fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do
  ln -sf "/proc/self/${link#*:}" "/dev/${link%:*}"
done
# Everything else is the host's, and read only.
mount -t hostfs -o "$UML_JOB" hostfs /run/job
mount -t hostfs -o "$UML_CACHE" hostfs /run/cache

# Modules of this kernel are not where modprobe looks for them.
ln -s /usr/lib/uml/modules /run/modules/lib/modules
printf '#!/bin/sh\nexec /sbin/modprobe -d /run/modules "$@"\n' >/run/modprobe
chmod 755 /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
/run/modprobe ipv6
ip link set lo up

{ cd "$UML_WORK" && sh /run/job/command </dev/null; } >/run/job/stdout 2>/run/job/stderr
echo $? >/run/job/status
sync
echo o >/proc/sysrq-trigger
while :; do sleep 1; done
