#!/bin/sh
# The first process of the lab's guest. LAB_JOB (a word of the kernel's command line) is a folder of the host with
# `job.env`, shell variables, among them LAB_TOP, the checkout, and LAB_SECONDS, the time limit; and `job.sh`, what to
# run. The exit code is left there in `exit`. Output between the two marks is the job's, the rest the kernel's.
#
# The host's files are seen through hostfs. What programs usually write (/run, /tmp, /etc, /var, /root) is covered by
# memory, so nothing of the host changes but the checkout and the job's folder.

. "$LAB_JOB/job.env"
root=$LAB_TOP/.cache/lab/root
export LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu"
export PATH="$root/usr/sbin:$root/usr/bin:$LAB_TOP/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export HOME=/root TERM=dumb LANG=C.UTF-8 CI=true

mount -t proc proc /proc
echo 1 >/proc/sys/kernel/printk
mount -t sysfs sys /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
[ -c /dev/null ] || mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o ptmxmode=0666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/job /run/lock
mount --bind "$LAB_JOB" /run/job

for module in overlay ipv6 ip_vs ip_vs_rr ip_vs_wrr ip_vs_lc ip_vs_wlc ip_vs_lblc ip_vs_lblcr ip_vs_dh ip_vs_sh \
  ip_vs_sed ip_vs_nq ip_vs_fo ip_vs_ovf ip_vs_mh ip_vs_ftp nf_conntrack nf_nat nf_tables nft_ct nft_masq nft_reject \
  nft_limit iptable_nat xt_MASQUERADE xt_ipvs ipip bridge veth dummy macvlan 8021q vrf bonding sch_netem \
  unix_diag udp_diag af_packet_diag; do
  echo "$module"
done | xargs modprobe -q -d "$LAB_TOP/.cache/lab/modules" -a 2>/dev/null

# Covers a folder by a writable layer in memory, unless the checkout lies in it; what is in the second folder shows through.
cover() {
  case $LAB_TOP/ in "$1"/*) return ;; esac
  mkdir -p "/run/cover$1/upper" "/run/cover$1/work"
  layers=lowerdir=$1${2:+:$2},upperdir=/run/cover$1/upper,workdir=/run/cover$1/work
  mount -t overlay -o "$layers" overlay "$1" 2>/dev/null || mount -t tmpfs tmpfs "$1"
}
cover /etc "$root/etc"
cover /var
cover /root
case $LAB_TOP/ in /tmp/*) ;; *) mount -t tmpfs -o mode=1777 tmp /tmp ;; esac
mount --bind "$LAB_TOP/.cache/lab/ld.so.cache" /etc/ld.so.cache && unset LD_LIBRARY_PATH

ip link set lo up
sysctl() { echo "$2" >"/proc/sys/$1"; }
sysctl net/ipv4/neigh/default/gc_thresh3 65536
sysctl net/ipv4/conf/all/rp_filter 0
sysctl net/ipv4/conf/default/rp_filter 0
sysctl net/ipv6/conf/default/accept_dad 0
sysctl kernel/sched_rt_runtime_us -1 2>/dev/null
# the rings of io_uring, which Node uses where it can, corrupt the memory of Debian 13's lab kernel (6.12)
sysctl kernel/io_uring_disabled 2 2>/dev/null
export UV_USE_IO_URING=0

cd "$LAB_TOP" || echo "lab: $LAB_TOP is not to be seen in the guest"
(sleep "$LAB_SECONDS" && echo "lab: over the time limit of $LAB_SECONDS s" && echo o >/proc/sysrq-trigger) &
echo "lab: ready"
setsid sh /run/job/job.sh </dev/null
echo $? >/run/job/exit
echo "lab: done"
sync
echo o >/proc/sysrq-trigger
sleep 10
