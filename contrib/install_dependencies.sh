#!/bin/bash
# install_dependencies.sh PURPOSE...: installs the Debian 12 packages for building (build), running (run) and testing
# (test) Volutus; without a purpose, all three. Only what is missing is installed, and no service is started by it.
set -euo pipefail

# Every package the project uses is named here and nowhere else.
build=(
    g++ cmake ninja-build ccache mold pkg-config git
    libboost1.81-dev libboost-context1.81-dev libboost-filesystem1.81-dev libfmt-dev libssl-dev libsqlite3-dev libelf-dev
    prometheus-cpp-dev libtomlplusplus-dev libyaml-cpp-dev libsodium-dev libcap-dev libsystemd-dev libcli11-dev
    libgtest-dev libgmock-dev libbenchmark-dev libcurl4-openssl-dev libnftables-dev libmicrohttpd-dev
    libjemalloc-dev
    # plugins/compute/drivers/libvirt
    libvirt-dev libpugixml-dev
)
run=(
    # plugins/network/drivers/linux
    conntrack dnsmasq-base iproute2 nftables
    # plugins/compute/drivers/libvirt
    libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-utils genisoimage e2fsprogs util-linux
    # contrib/quickstart.sh
    curl kmod libcap2-bin openssh-client passwd python3-openstackclient python3-osc-placement python3-yaml
    # contrib/images/build.sh
    qemu-utils binutils cpio e2fsprogs fakeroot fdisk kmod mtools syslinux syslinux-common
)
test=(
    # real clients
    python3-openstackclient python3-osc-placement subunit tempest
    busybox-static iputils-arping iputils-ping python3 python3-jsonschema python3-websocket sqlite3 curl wrk nginx-light
    util-linux
    clang-19 clang-format-19 clang-tidy-19 clang-tools-19 libc++-19-dev libc++abi-19-dev libclang-rt-19-dev
    bc genisoimage mtools openssl openssh-client qemu-system-x86 shellcheck strace
)
lock_seconds=300
policy=/usr/sbin/policy-rc.d
kept_policy=$policy.before-volutus
log=$(mktemp)
trap 'rm -f "$log"' EXIT

say() {
    echo "install_dependencies.sh: $*"
}

die() {
    say "$*" >&2
    exit 1
}

wanted_packages() {
    local purpose
    for purpose in "$@"; do
        case $purpose in
            build) printf '%s\n' "${build[@]}" ;;
            run) printf '%s\n' "${run[@]}" ;;
            test) printf '%s\n' "${test[@]}" ;;
            *) die "unknown purpose '$purpose': use build, run or test" ;;
        esac
    done
}

# Prints those of its arguments that dpkg does not have installed.
missing_packages() {
    comm -23 <(printf '%s\n' "$@" | sort -u) \
        <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u)
}

apt() {
    DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -qq -o DPkg::Lock::Timeout=$lock_seconds \
        -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@"
}

# `apt-get update` has no timeout for the lock of its lists, so that one is waited for here.
refresh_lists() {
    local deadline=$((SECONDS + lock_seconds))
    until apt update >"$log" 2>&1; do
        grep -q 'Could not get lock' "$log" || die "apt-get update failed: $(tail -n 3 "$log")"
        [ $SECONDS -lt $deadline ] || die "another apt has held its lock for $lock_seconds s"
        sleep 2
    done
}

# Debian starts what it installs; the project starts what it needs by itself.
forbid_starting_services() {
    # A former run that was killed has left its own policy in place of the host's.
    if [ -e $policy ] && [ ! -e $kept_policy ]; then
        mv $policy $kept_policy
    fi
    trap 'restore_policy; rm -f "$log"' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
}

restore_policy() {
    rm -f $policy
    if [ -e $kept_policy ]; then
        mv $kept_policy $policy
    fi
}

purposes=("$@")
[ $# -gt 0 ] || purposes=(build run test)
wanted=$(wanted_packages "${purposes[@]}")
mapfile -t missing < <(missing_packages "$wanted")
if [ ${#missing[@]} -eq 0 ]; then
    say "everything for ${purposes[*]} is installed"
    exit
fi
[ "$(id -u)" -eq 0 ] || die "root is needed to install ${missing[*]}"

say "${#missing[@]} packages are missing for ${purposes[*]}: ${missing[*]}"
say "reading the package lists"
refresh_lists
forbid_starting_services
say "downloading"
apt install --no-install-recommends --download-only -y "${missing[@]}" >"$log" 2>&1 ||
    die "the download failed: $(tail -n 5 "$log")"
say "installing"
apt install --no-install-recommends -y "${missing[@]}" >"$log" 2>&1 ||
    die "the installation failed: $(tail -n 5 "$log")"
say "done"
