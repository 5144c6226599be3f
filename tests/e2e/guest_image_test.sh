#!/bin/bash
# guest_image_test.sh FOLDER: builds the guest image and boots it three times in QEMU without KVM: with a config drive,
# with a metadata service, and as a copy that became another instance. FOLDER keeps the image and what the guests said.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
folder=$1
image=$folder/guest.qcow2
work=$(mktemp -d)
qemu=
console=
failures=0

stop_guest() {
    [ -z "$qemu" ] || { kill "$qemu" && wait "$qemu"; } 2>/dev/null || true
    qemu=
}
trap 'stop_guest; rm -rf "$work"' EXIT
trap '' PIPE # a QEMU that ended must show as a failed wait, not end the test

die() {
    echo "FAILED: $*" >&2
    [ ! -s "$console" ] || tail -n 40 "$console" >&2
    exit 1
}

# check SENTENCE COMMAND...
check() {
    local sentence=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        echo "ok      $sentence"
    else
        echo "NOT OK  $sentence: $*"
        sed 's/^/        /' "$work/said"
        failures=$((failures + 1))
    fi
}

# wait_for SECONDS COMMAND...: polls; the pause between two looks is no part of any condition.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.2
    done
}

# boot NAME QEMU_OPTION...: starts a guest on $work/disk.qcow2. Its first NIC, `front`, is the caller's.
boot() {
    console=$folder/$1.console
    shift
    rm -f "$work"/monitor.* "$console"
    mkfifo "$work/monitor.in" "$work/monitor.out"
    qemu-system-x86_64 -accel tcg -m 128 -display none -serial "file:$console" \
        -chardev "pipe,id=monitor,path=$work/monitor" -mon monitor \
        -drive "file=$work/disk.qcow2,if=virtio" -device virtio-net-pci,netdev=front "$@" 2>"$work/qemu.log" &
    qemu=$!
    started=$EPOCHREALTIME
    cat "$work/monitor.out" >"$work/monitor.log" &
    exec 3>"$work/monitor.in"
    wait_for 20 guest_port || die "QEMU did not start: $(cat "$work/qemu.log")"
    port=$(guest_port)
    wait_for 120 guest true || die "no answer by SSH within 120 s"
    printf 'sshd answered %.1f s after power on\n' "$(bc <<<"$EPOCHREALTIME - $started")"
    wait_for 60 grep -q 'volutus guest ready' "$console" || die "no report on the console"
}

# QEMU forwards a port that the system chose; only its monitor knows which.
guest_port() {
    echo 'info usernet' >&3 2>/dev/null || return
    sed -n 's/.*HOST_FORWARD\] *[0-9]* *127.0.0.1 *\([0-9]*\) .*/\1/p' "$work/monitor.log" | tail -n 1 | grep .
}

guest() {
    ssh -i "$work/${key:-ecdsa}" -p "$port" -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=5 \
        -o LogLevel=ERROR -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@127.0.0.1 "$@"
}

host_key() {
    ssh-keyscan -p "$port" -t ed25519 127.0.0.1 2>/dev/null | cut -d' ' -f3 | grep .
}

# prints WANTED COMMAND: the guest's command prints exactly this.
prints() {
    local said
    said=$(guest "$2")
    echo "$said"
    [ "$said" = "$1" ]
}

on_console() {
    grep -q -- "$1" "$console"
}

power_off() {
    echo system_powerdown >&3
    check "the power button ends the guest" wait_for 60 guest_is_off
    stop_guest
}

guest_is_off() {
    ! kill -0 "$qemu" 2>/dev/null
}

# metadata UUID HOSTNAME: writes meta_data.json with all three keys, as a cloud does.
metadata() {
    mkdir -p "$work/drive/openstack/latest"
    cat >"$work/drive/openstack/latest/meta_data.json" <<JSON
{"uuid": "$1", "hostname": "$2", "name": "a name", "admin_pass": "se\u00e9 \"cret", "meta": {"purpose": "test"},
 "public_keys": {"one": "$(cat "$work/ecdsa.pub")\n", "two": "$(cat "$work/rsa.pub")\n",
                 "three": "$(cat "$work/ed25519.pub")"},
 "random_seed": "AAAA", "devices": [], "launch_index": 0}
JSON
    echo '{"links": [], "networks": [], "services": []}' >"$work/drive/openstack/latest/network_data.json"
}

user_network='user,hostfwd=tcp:127.0.0.1:0-:22'
mkdir -p "$folder"
"$here/../../contrib/images/build.sh" "$image"
check "the image is at most 40 MB" test "$(stat -c %s "$image")" -le 40000000
for kind in ecdsa rsa ed25519; do
    ssh-keygen -q -t $kind -N '' -f "$work/$kind"
done
qemu-img create -q -f qcow2 -b "$(realpath "$image")" -F qcow2 "$work/disk.qcow2" 1G

echo "--- a config drive on a CD, two processors, two NICs"
metadata 6f1e8b7e-0001 web-1.example.org
cat >"$work/drive/openstack/latest/user_data" <<'SCRIPT'
#!/bin/sh
echo "user data speaks"
echo once >>/root/user-data-ran
SCRIPT
genisoimage -quiet -R -J -V config-2 -o "$work/drive.iso" "$work/drive"
boot config_drive -smp 2 -drive "file=$work/drive.iso,media=cdrom" -netdev "$user_network,id=front" \
    -netdev user,id=back,net=10.9.0.0/24,restrict=on -device virtio-net-pci,netdev=back -device virtio-rng-pci
check "the host name is the metadata's" prints web-1.example.org hostname
check "the console names the host" on_console 'hostname:  web-1.example.org'
check "the console names the instance" on_console 'instance:  6f1e8b7e-0001'
check "the console names the keys" on_console 'key pair:  two'
check "the console shows the properties" on_console 'property:  purpose=test'
check "the console names the source" on_console 'metadata:  config drive /dev/sr'
check "the console shows the first address" on_console 'address:   eth0 10.0.2.15/24'
check "the console shows the second address" on_console 'address:   eth1 10.9.0.15/24'
check "user data writes to the console" on_console 'user data speaks'
check "the console tells how user data ended" on_console 'user data: script ended with 0'
check "user data ran" prints once 'cat /root/user-data-ran'
check "there are two processors" prints 2 'grep -c ^processor /proc/cpuinfo'
check "an RSA key logs in" env key=rsa bash -c "$(declare -f guest); work=$work port=$port; guest true"
check "an ed25519 key logs in" env key=ed25519 bash -c "$(declare -f guest); work=$work port=$port; guest true"
check "the password's hash is set" guest "grep -q '^root:\$6\\$' /etc/shadow"
check "the shell takes Tempest's prologue" prints fine 'set -eu -o pipefail; PATH=$PATH:/sbin:/usr/sbin; echo fine'
check "the config drive is found and mounted" guest 'set -e; drive=$(blkid -L config-2 -o device)
    sudo mount $drive /mnt; sudo cat /mnt/openstack/latest/meta_data.json | grep -q purpose
    sudo cat /mnt/openstack/latest/network_data.json | grep -q services; sudo umount /mnt'
check "the root took the whole disk" guest 'test $(df -m / | awk "END { print \$2 }") -gt 900'
check "curl is real" guest 'curl --version | grep -q OpenSSL'
check "lsblk and iproute2 are there" guest 'lsblk | grep -q vda2 && ip -o addr show eth0 | grep -q 10.0.2.15'
check "udhcpc leaves its pid" guest 'kill -0 $(cat /var/run/udhcpc.eth0.pid)'
check "a name server is known" guest 'cat /etc/resolv.conf | grep -q nameserver'
check "IPv6 comes from router advertisements" guest 'ip -o -6 addr show eth0 | grep -q dynamic'
check "ping takes its options" guest 'ping -c 1 -w 5 -s 200 -I eth0 10.0.2.2 && ping6 -c 1 -w 5 ::1'
check "the console can be written" guest "sudo sh -c 'echo written by hand > /dev/console'"
check "what was written shows" wait_for 5 on_console 'written by hand'
check "nc serves TCP again and again" guest 'nc -l -k -p 7001 -e echo tcp hello </dev/null >/dev/null 2>&1 &
    for i in 1 2 3 4 5 6 7 8 9 10; do nc -z -w 1 127.0.0.1 7001 && break; usleep 200000; done
    for i in 1 2; do echo knock | nc -w 5 127.0.0.1 7001 | grep -q "tcp hello" || exit 1; done; killall nc'
check "nc serves UDP again and again" guest 'nc -u -p 7002 -lk -e echo udp hello </dev/null >/dev/null 2>&1 &
    for i in 1 2 3 4 5 6 7 8 9 10; do netstat -lun | grep -q :7002 && break; usleep 200000; done
    for i in 1 2; do echo knock | nc -u -w 2 127.0.0.1 7002 | grep -q "udp hello" || exit 1; done; killall nc'
qemu-img create -q -f raw "$work/extra.raw" 32M
echo "drive_add 0 if=none,id=extra,format=raw,file=$work/extra.raw" >&3
echo "device_add virtio-blk-pci,drive=extra" >&3
check "a disk plugged in later appears" wait_for 30 guest 'test -b /dev/vdb'
echo "netdev_add user,id=later,net=10.8.0.0/24,restrict=on" >&3
echo "device_add virtio-net-pci,netdev=later,id=later_nic" >&3
check "a NIC plugged in later gets an address" wait_for 30 guest 'ip -o addr show eth2 | grep -q 10.8.0.15'
echo "device_del later_nic" >&3
check "a NIC pulled out takes its DHCP client along" wait_for 30 guest '! ip link show eth2 &&
    ! ps | grep -q "[u]dhcpc -i eth2"'
guest 'echo kept >/root/kept'
first_key=$(host_key)
power_off
check "the console tells that the guest stops" on_console 'volutus guest stopping'

echo "--- the same disk again, now with a metadata service"
cat >"$work/respond" <<'SCRIPT'
#!/bin/bash
# One HTTP request on standard input, answered from the folder $1.
read -r _ path _
while read -r line && [ "$line" != $'\r' ]; do :; done
if [ -f "$1/$path" ]; then
    printf 'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n' "$(stat -c %s "$1/$path")"
    cat "$1/$path"
else
    printf 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
fi
SCRIPT
chmod +x "$work/respond"
service="guestfwd=tcp:169.254.169.254:80-cmd:$work/respond $work/drive"
boot metadata_service -netdev "$user_network,id=front,net=169.254.0.0/16,dhcpstart=169.254.0.15,$service"
check "the console names the service" on_console 'metadata:  http://169.254.169.254/openstack/latest'
check "the host name is the metadata's" prints web-1.example.org hostname
check "user data does not run twice" prints once 'cat /root/user-data-ran'
check "the console says so" on_console 'user data: ran at an earlier boot: script ended with 0'
check "what was written stays" prints kept 'cat /root/kept'
check "the host key stays" test "$(host_key)" = "$first_key"
check "curl reaches the service" guest 'curl -s 169.254.169.254/openstack/latest/meta_data.json | grep -q purpose'
power_off

echo "--- a copy of the disk as another instance, with cloud-config on a vfat drive"
metadata 6f1e8b7e-0002 copy
cat >"$work/drive/openstack/latest/user_data" <<'YAML'
#cloud-config
hostname: "named-by-user-data"
runcmd:
  - echo first >/root/runcmd
  - 'echo second >>/root/runcmd'
packages:
  - nothing
YAML
truncate -s 1440K "$work/drive.vfat"
mformat -i "$work/drive.vfat" -f 1440 -v config-2 ::
mcopy -s -i "$work/drive.vfat" "$work/drive/openstack" ::
boot another_instance -netdev "$user_network,id=front" -drive "file=$work/drive.vfat,format=raw,if=virtio"
check "the console names the other instance" on_console 'instance:  6f1e8b7e-0002'
check "the drive may be a disk" on_console 'metadata:  config drive /dev/vdb'
check "cloud-config names the host" prints named-by-user-data hostname
check "runcmd ran in order" prints 'first second' 'echo $(cat /root/runcmd)'
check "the host key is another" test "$(host_key)" != "$first_key"
power_off

[ $failures -eq 0 ] || { echo "$failures checks failed; consoles are in $folder" && exit 1; }
echo "the guest image passed"
