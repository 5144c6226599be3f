#!/bin/bash
# quickstart.sh: an all-in-one cloud on this Debian 12 host, with a guest that runs. Installs Debian's packages, builds,
# installs to /usr/local and /etc/volutus, starts the daemon as the user `volutus`, makes an image, flavors, networks and
# a server, and says what to type next. May be run again at any time: it finds what is there.
#
#   --stop     stops the daemon; guests and their networks go on
#   --purge    removes all that this script made, guests included; Debian's packages stay
set -euo pipefail

source=$(cd "$(dirname "$0")/.." && pwd)
build=${VOLUTUS_BUILD:-$source/build/dev} # the folder of tests/run.sh too, so that neither builds what the other has built
prefix=/usr/local
settings=/etc/volutus
state=/var/lib/volutus
guests=/var/lib/volutus-guests
run=/run/volutus
logs=/var/log/volutus
daemon_log=$logs/volutusd.log
image=$source/build/guest.qcow2
key=$HOME/.ssh/volutus_quickstart
clouds=${XDG_CONFIG_HOME:-$HOME/.config}/openstack/clouds.yaml
openrc=$HOME/volutus-openrc
url=http://127.0.0.1:8480
# What the network driver's process has; systemd has to leave it the same.
capabilities=$(sed -n 's/^CapabilityBoundingSet=//p' "$source/contrib/systemd/network-driver.conf" | tr 'A-Z ' 'a-z,')
total=9
number=0

step() {
    number=$((number + 1))
    printf '[%d/%d %3d s] %s\n' $number $total $SECONDS "$*"
}

say() {
    printf '            %s\n' "$*"
}

die() {
    echo "quickstart.sh: $*" >&2
    exit 1
}

# quietly COMMAND...: shows what a command said only when it fails.
quietly() {
    local said
    said=$(mktemp)
    if "$@" >"$said" 2>&1; then
        rm -f "$said"
    else
        tail -n 40 "$said" >&2
        rm -f "$said"
        die "failed: $*"
    fi
}

# wait_for SECONDS COMMAND...: polls; the pause between two looks is no part of any condition.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.5
    done
}

has_systemd() {
    [ -d /run/systemd/system ]
}

# ---- the host ----

# The plugins that conf.d starts, each a target: all but those that are off in it.
plugins() {
    ninja -C "$build" -t targets all | sed -n 's/^\(lib\/[a-z_0-9]*\.so\): .*/\1/p' |
        grep -vxFf <(awk -F '[].[]' '/^\[plugin\./ { name = $3 } /^enabled = false/ { print "lib/" name ".so" }' \
            "$source"/conf.d/*.toml)
}

compile() {
    local targets
    [ -e "$build/build.ninja" ] || (cd "$source" && quietly cmake --preset dev -B "$build")
    mapfile -t targets < <(plugins)
    # One line that changes where somebody watches, else one for each tenth of the way.
    if [ -t 1 ]; then
        ninja -C "$build" volutusd volutus volutus-plugin-host "${targets[@]}" || die "the build failed"
    else
        NINJA_STATUS='%p ' quietly ninja_in_tenths volutusd volutus volutus-plugin-host "${targets[@]}" 3>&1
    fi
}

# Its output is for `quietly`; what it says meanwhile goes to the script's own.
ninja_in_tenths() {
    ninja -C "$build" "$@" | tee >(awk '/^ *[0-9]+% / && int($1 / 10) > tenths {
        tenths = int($1 / 10); printf "            %d0 %%\n", tenths; fflush() }' >&3)
}

install_programs() {
    local file
    install -d "$prefix"/{bin,sbin,lib/volutus} $settings/conf.d
    # By renaming, so that a daemon that runs keeps the files it has open.
    for file in sbin/volutusd sbin/volutus-plugin-host bin/volutus; do
        install -m 755 "$build/bin/${file#*/}" "$prefix/$file.new"
        mv "$prefix/$file.new" "$prefix/$file"
    done
    for file in $(plugins); do
        install -m 644 "$build/$file" "$prefix/lib/volutus/.new"
        mv "$prefix/lib/volutus/.new" "$prefix/lib/volutus/${file##*/}"
    done
    install -m 644 "$source"/conf.d/* $settings/conf.d/
    # See contrib/decisions/plugin-process-capabilities.md.
    chown root:volutus "$prefix/sbin/volutus-plugin-host"
    chmod 750 "$prefix/sbin/volutus-plugin-host"
    setcap $capabilities=p "$prefix/sbin/volutus-plugin-host"
}

make_user() {
    getent passwd volutus >/dev/null ||
        useradd --system --user-group --home-dir $state --no-create-home --shell /usr/sbin/nologin volutus
    usermod --append --groups libvirt volutus
    install -d -o volutus -g volutus -m 700 $state
    install -d -o volutus -g volutus -m 711 $guests
    install -d -o volutus -g volutus -m 750 $run $logs
    # `ip netns add` makes a file there for each namespace.
    install -d -o volutus -g volutus -m 755 /run/netns
}

prepare_kernel() {
    [ -e $settings/ip_forward.before ] || cat /proc/sys/net/ipv4/ip_forward >$settings/ip_forward.before
    modprobe -a br_netfilter tun 2>/dev/null || true # built in, or this host cannot load modules
    if ! has_systemd && [ -c /dev/kvm ]; then
        # As udev would; libvirt asks QEMU again for each call where QEMU's user may not open it.
        chgrp kvm /dev/kvm
        chmod 660 /dev/kvm
    fi
}

libvirt_answers() { # to a user
    runuser -u "$1" -- virsh -q -c qemu:///system version
}

start_libvirt() {
    if has_systemd; then
        # A message bus that was up before polkit was installed does not let it in, and polkit lets the group in.
        systemctl reload dbus 2>/dev/null || true
        quietly systemctl start libvirtd
        install -d /etc/tmpfiles.d
        echo "d /run/netns 0755 volutus volutus -" >/etc/tmpfiles.d/volutus.conf
    elif ! libvirt_answers root >/dev/null 2>&1; then
        # Without systemd there is no polkit either, which would let the group in.
        printf '%s\n' 'unix_sock_group = "libvirt"' 'unix_sock_rw_perms = "0770"' 'auth_unix_rw = "none"' \
            >$settings/libvirtd.conf
        virtlogd --daemon --pid-file $run/virtlogd.pid
        libvirtd --daemon --config $settings/libvirtd.conf --pid-file $run/libvirtd.pid
    fi
    wait_for 60 libvirt_answers volutus || die "libvirtd does not answer the user volutus: runuser -u volutus -- virsh -c qemu:///system version"
}

# ---- the daemon ----

daemon_runs() {
    start-stop-daemon --status --pidfile $run/volutusd.pid
}

healthy() {
    curl -sf -o /dev/null $url/healthz
}

start_daemon() {
    if has_systemd; then
        install -D -m 644 "$build/volutusd.service" /etc/systemd/system/volutusd.service
        install -D -m 644 "$source/contrib/systemd/network-driver.conf" \
            /etc/systemd/system/volutusd.service.d/network-driver.conf
        quietly systemctl daemon-reload
        quietly systemctl enable volutusd
        quietly systemctl restart volutusd
    else
        stop_daemon
        start-stop-daemon --start --background --make-pidfile --pidfile $run/volutusd.pid --chuid volutus \
            --output $daemon_log --exec "$prefix/sbin/volutusd" -- --config $settings/conf.d
    fi
    wait_for 60 healthy || die "the daemon does not answer; the end of its log:
$(daemon_says)"
}

daemon_says() {
    if has_systemd; then
        journalctl -u volutusd -n 20 --no-pager
    else
        tail -n 20 $daemon_log
    fi
}

stop_daemon() {
    if has_systemd; then
        systemctl stop volutusd 2>/dev/null || true
    elif daemon_runs; then
        start-stop-daemon --stop --pidfile $run/volutusd.pid --remove-pidfile --retry TERM/90/KILL/5 --quiet
    fi
}

# ---- the cloud ----

cloud() {
    openstack --os-cloud volutus "$@"
}

# there NAME KIND...
there() {
    cloud "${@:2}" show "$1" >/dev/null 2>&1
}

# ensure KIND NAME OPTION...: creates what is missing.
ensure() {
    local kind=$1 name=$2
    shift 2
    there "$name" "$kind" || quietly cloud "$kind" create "$@" "$name"
}

write_credentials() {
    local password
    wait_for 30 test -s $state/admin.password || die "the daemon made no $state/admin.password"
    password=$(head -n 1 $state/admin.password)
    "$source/contrib/clouds_yaml.py" "$clouds" set volutus $url/identity/v3 admin admin <<<"$password"
    (
        umask 077
        cat >"$openrc" <<RC
# source this, and the openstack command talks to the cloud of $(hostname)
export OS_AUTH_URL=$url/identity/v3
export OS_IDENTITY_API_VERSION=3
export OS_USERNAME=admin
export OS_PASSWORD='$password'
export OS_PROJECT_NAME=admin
export OS_USER_DOMAIN_ID=default
export OS_PROJECT_DOMAIN_ID=default
export OS_REGION_NAME=RegionOne
RC
    )
    quietly cloud token issue
}

make_image_and_flavors() {
    ensure image volutus-guest --disk-format qcow2 --container-format bare --min-disk 1 --min-ram 128 --public \
        --file "$image"
    ensure flavor m1.nano --ram 128 --disk 1 --vcpus 1
    ensure flavor m1.micro --ram 256 --disk 1 --vcpus 1
    ensure flavor m1.tiny --ram 512 --disk 2 --vcpus 1
    ensure flavor m1.small --ram 2048 --disk 20 --vcpus 1
    ensure flavor m1.medium --ram 4096 --disk 40 --vcpus 2
    [ -e "$key" ] || quietly ssh-keygen -q -t ed25519 -N '' -C volutus-quickstart -f "$key"
    ensure keypair volutus-quickstart --public-key "$key.pub"
}

make_networks() {
    ensure network public --external --default --provider-network-type flat --provider-physical-network public
    ensure subnet public --network public --subnet-range 172.24.4.0/24 --gateway 172.24.4.1 --no-dhcp \
        --allocation-pool start=172.24.4.10,end=172.24.4.250
    ensure network private
    ensure subnet private --network private --subnet-range 10.10.0.0/24 --dns-nameserver 9.9.9.9
    if ! there router router; then
        quietly cloud router create router
        quietly cloud router set --external-gateway public router
        quietly cloud router add subnet router private
    fi
    if ! there quickstart security group; then
        quietly cloud security group create --description "ping and SSH" quickstart
        quietly cloud security group rule create --protocol icmp quickstart
        quietly cloud security group rule create --protocol tcp --dst-port 22 quickstart
    fi
}

# Sets `address` to the floating IP of the server.
boot_server() {
    local status port
    if cloud server show first -f value -c status -c properties 2>/dev/null | tr '\n' ' ' | grep -q 'quickstart.sh.* ERROR'; then
        say "the server of an earlier run is ERROR: it is made anew"
        quietly cloud server delete --wait first
    fi
    if ! there first server; then
        # shellcheck disable=SC2016 # the guest expands it
        printf '#!/bin/sh\necho "Hello from the user data of $(hostname)"\n' >$state/user-data
        quietly cloud server create --flavor m1.nano --image volutus-guest --network private \
            --security-group quickstart --key-name volutus-quickstart --property made-by=quickstart.sh \
            --user-data $state/user-data --wait first
    fi
    status=$(cloud server show first -f value -c status)
    if [ "$status" = SHUTOFF ]; then
        quietly cloud server start first
        wait_for 60 server_is_active || true
        status=$(cloud server show first -f value -c status)
    fi
    [ "$status" = ACTIVE ] || die "the server is $status: $(cloud server show first -f value -c fault)"
    port=$(cloud port list --server first -f value -c ID | head -n 1)
    address=$(cloud floating ip list --port "$port" -f value -c "Floating IP Address" | head -n 1)
    if [ -z "$address" ]; then
        address=$(cloud floating ip create public -f value -c floating_ip_address)
        quietly cloud server add floating ip first "$address"
    fi
}

server_is_active() {
    [ "$(cloud server show first -f value -c status)" = ACTIVE ]
}

guest() {
    ssh -n -i "$key" -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=5 -o LogLevel=ERROR \
        -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "root@$address" "$@"
}

guest_has_reported() {
    cloud console log show --lines 3 first | grep -q 'volutus guest ready'
}

start() {
    [ "$(id -u)" -eq 0 ] || die "run this as root"
    grep -q '^VERSION_ID="12"' /etc/os-release || say "this is not Debian 12; nobody has tried it here"
    step "Debian packages"
    quietly "$source/contrib/install_dependencies.sh" build run
    step "building (the first time this takes most of the time)"
    compile
    step "guest image"
    quietly "$source/contrib/images/build.sh" "$image"
    step "user, programs, libvirt"
    make_user
    install_programs
    prepare_kernel
    start_libvirt
    step "starting volutusd as the user volutus"
    start_daemon
    write_credentials
    step "image, flavors, key pair"
    make_image_and_flavors
    step "networks and a router"
    make_networks
    step "a server"
    boot_server
    say "its floating IP is $address"
    step "waiting for SSH (15 s after power on without KVM, on idle processors)"
    wait_for 240 guest true || die "no answer by SSH from $address; its console:
$(cloud console log show --lines 30 first)"
    wait_for 60 guest_has_reported || true
    cloud console log show --lines 20 first | sed 's/^/    | /'
    next "$address"
}

next() {
    cat <<TEXT

The cloud runs; it took $SECONDS s. Next:

    export OS_CLOUD=volutus                  # or: source $openrc
    openstack server list
    openstack console log show first
    ssh -i $key root@$1
    openstack server create --flavor m1.nano --image volutus-guest --network private --wait second
    volutus status

    $0 --stop       # stops the daemon; guests go on
    $0 --purge      # removes everything
TEXT
}

# ---- the end ----

purge() {
    local name
    [ "$(id -u)" -eq 0 ] || die "run this as root"
    stop_daemon
    if command -v virsh >/dev/null && libvirt_answers root >/dev/null 2>&1; then
        for name in $(virsh -q -c qemu:///system list --all --name); do
            virsh -q -c qemu:///system metadata "$name" urn:volutus:server:1 >/dev/null 2>&1 || continue
            virsh -q -c qemu:///system destroy "$name" >/dev/null 2>&1 || true
            virsh -q -c qemu:///system undefine "$name" >/dev/null
        done
    fi
    rm -f /var/log/libvirt/qemu/{server,volutus-probe}-????????-????-????-????-????????????.log
    purge_networks
    [ ! -e $settings/ip_forward.before ] || cat $settings/ip_forward.before >/proc/sys/net/ipv4/ip_forward
    for name in libvirtd virtlogd; do # only those that this script started
        [ ! -e $run/$name.pid ] || start-stop-daemon --stop --quiet --oknodo --pidfile $run/$name.pid --retry 20
    done
    if has_systemd; then
        systemctl disable --quiet volutusd 2>/dev/null || true
        rm -rf /etc/systemd/system/volutusd.service /etc/systemd/system/volutusd.service.d /etc/tmpfiles.d/volutus.conf
        systemctl daemon-reload
    fi
    [ ! -e "$clouds" ] || "$source/contrib/clouds_yaml.py" "$clouds" remove volutus
    rm -f "$openrc" "$key" "$key.pub" "$prefix"/sbin/{volutusd,volutus-plugin-host} "$prefix/bin/volutus"
    rm -rf "$prefix/lib/volutus" $settings $state $guests $run $logs
    if getent passwd volutus >/dev/null; then
        chown -f root:root /run/netns || true
        userdel volutus
    fi
    say "all that quickstart.sh made is gone; what was built stays in $build"
}

# What the network driver leaves so that guests keep their network: all of its names begin with vt.
purge_networks() {
    local name pid
    for pid in "$state"/network/*/*.pid "$state"/network/*/*/*.pid; do
        [ ! -e "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || true
    done
    for name in $(ip netns list | sed -n 's/^\(vt-\(net\|router\)-[^ ]*\).*/\1/p'); do
        ip netns delete "$name"
    done
    for name in $(ip -o link show | sed -n 's/^[0-9]*: \(vt-public\|vt[a-z][0-9a-f]\{10\}\)[:@].*/\1/p'); do
        ip link delete "$name" 2>/dev/null || true # one end of a pair takes the other along
    done
    nft list tables 2>/dev/null | sed -n 's/^table \([a-z0-9]* vt[a-z_-]*\)$/\1/p' | while read -r name; do
        # shellcheck disable=SC2086 # a family and a name
        nft delete table $name
    done
}

case ${1:-} in
    "") start ;;
    --stop)
        [ "$(id -u)" -eq 0 ] || die "run this as root"
        stop_daemon
        say "the daemon is stopped; guests go on. $0 starts it again"
        ;;
    --purge) purge ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0" && exit 2 ;;
esac
