#!/bin/bash
# build.sh OUTPUT: makes the guest image out of Debian's packages. OUTPUT ends in .qcow2 or .raw.
# Needs no root and no loop device. Does nothing when OUTPUT is already made of the same inputs.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${VOLUTUS_CACHE:-$here/../../build/cache}/packages

# What is taken from each package. Libraries follow from what the programs need; their packages are named below.
programs=(
    usr/bin/busybox usr/sbin/dropbear usr/bin/dropbearkey usr/bin/curl usr/bin/ncat usr/bin/nc.openbsd
    usr/sbin/blkid usr/bin/lsblk usr/bin/mount usr/bin/umount usr/sbin/resize2fs usr/bin/ip
)
packages=(
    busybox busybox-static dropbear-bin curl ncat netcat-openbsd util-linux mount e2fsprogs iproute2 ca-certificates
    libblkid1 libbpf1 libbrotli1 libbsd0 libc6 libcap2 libcom-err2 libcrypt1 libcurl4 libdbus-1-3 libelf1 libext2fs2
    libffi8 libgcrypt20 libgmp10 libgnutls30 libgpg-error0 libgssapi-krb5-2 libhogweed6 libidn2-0 libk5crypto3
    libkeyutils1 libkrb5-3 libkrb5support0 libldap-2.5-0 liblua5.3-0 liblz4-1 liblzma5 libmd0 libmnl0 libmount1
    libnettle8 libnghttp2-14 libp11-kit0 libpcap0.8 libpcre2-8-0 libpsl5 librtmp1 libsasl2-2 libselinux1
    libsmartcols1 libssh2-1 libssl3 libsystemd0 libtasn1-6 libtomcrypt1 libtommath1 libudev1 libunistring2 libzstd1
    zlib1g
)
# The first list is for the initramfs (what a root disk may hang on), the second for the running guest.
disk_modules=(virtio_pci virtio_blk virtio_scsi sd_mod ata_piix)
guest_modules=(
    virtio_net virtio_rng virtio_balloon virtio_console sr_mod isofs vfat nls_ascii nls_cp437 nls_utf8
    evdev button 8021q bridge veth dummy tun loop
)
# Sizes in MiB: the boot partition holds the kernel and the initramfs.
boot_size=20
root_size=60

die() {
    echo "build.sh: $*" >&2
    exit 1
}

require_tools() {
    local tool
    for tool in apt-get dpkg-deb cpio depmod readelf mke2fs sfdisk mcopy syslinux qemu-img fakeroot; do
        command -v "$tool" >/dev/null ||
            die "$tool is missing: run contrib/install_dependencies.sh run"
    done
    [ -e /usr/lib/syslinux/mbr/mbr.bin ] || die "syslinux-common is missing: run contrib/install_dependencies.sh run"
}

kernel_package() {
    apt-cache show --no-all-versions linux-image-cloud-amd64 | sed -n 's/^Depends: \([^ ]*\).*/\1/p'
}

# Prints the cached file of each package in the version apt would install.
package_files() {
    apt-cache show --no-all-versions "$@" |
        awk '/^Package:/ { name = $2 } /^Version:/ { version = $2 } /^Architecture:/ { architecture = $2 }
             /^$/ && name { gsub(/:/, "%3a", version); print name "_" version "_" architecture ".deb"; name = "" }
             END { if (name) { gsub(/:/, "%3a", version); print name "_" version "_" architecture ".deb" } }' | sort -u
}

download() {
    mkdir -p "$cache"
    local file missing=()
    for file in "${files[@]}"; do
        [ -s "$cache/$file" ] || missing+=("${file%%_*}")
    done
    [ ${#missing[@]} -eq 0 ] && return
    echo "downloading ${#missing[@]} packages"
    (cd "$cache" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download "${missing[@]}") ||
        die "could not download ${missing[*]}: check the network and run apt-get update"
    for file in "${files[@]}"; do
        [ -s "$cache/$file" ] || die "$cache/$file did not arrive: run apt-get update, then again"
    done
}

# Debian's packages disagree about /lib and /usr/lib; the links make it one place, as on an installed system.
make_tree() {
    mkdir -p "$1"/usr/{bin,sbin,lib,lib64}
    ln -s usr/bin usr/sbin usr/lib usr/lib64 "$1"
}

unpack() {
    local file
    make_tree "$work/debian"
    for file in "${files[@]}"; do
        [[ $file == busybox-static_* ]] && continue # the same path as busybox; see make_initramfs
        dpkg-deb --fsys-tarfile "$cache/$file" | tar -C "$work/debian" -x --keep-directory-symlink --no-same-owner \
            --exclude='./usr/share/doc*' --exclude='./usr/share/man*' --exclude='./usr/share/locale*'
    done
}

# copy_with_libraries PATH...: a file and, recursively, the libraries it names.
copy_with_libraries() {
    local path library
    for path in "$@"; do
        [ -e "$work/root/$path" ] && continue
        [ -e "$work/debian/$path" ] || die "no package brings $path: add the one that does to the list"
        install -D -m 755 "$work/debian/$path" "$work/root/$path"
        while read -r library; do
            case $library in
                ld-linux-x86-64.so.2) copy_with_libraries "usr/lib64/$library" ;;
                *) copy_with_libraries "usr/lib/x86_64-linux-gnu/$library" ;;
            esac
        done < <(readelf -d "$work/debian/$path" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
    done
}

# copy_modules TREE NAME...: modules with what they depend on. A module built into the kernel needs no copy.
copy_modules() {
    local tree=$1 file from=$work/debian
    shift
    while read -r _ file; do
        install -D -m 644 "$file" "$tree/usr/lib/modules/$version/${file##*"/modules/$version/"}"
    done < <(modprobe -C /dev/null -d "$from" -S "$version" --show-depends -a "$@" | grep '^insmod' | sort -u)
    cp "$from/usr/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} "$tree/usr/lib/modules/$version/"
    depmod -b "$tree" "$version"
}

make_initramfs() {
    local tree=$work/initramfs
    make_tree "$tree"
    mkdir "$tree"/{dev,proc,sys}
    dpkg-deb --fsys-tarfile "$cache"/busybox-static_*.deb | tar -C "$tree" -x --keep-directory-symlink ./bin/busybox
    ln -s busybox "$tree/usr/bin/sh"
    install -m 755 "$here/initrd/init" "$tree/init"
    copy_modules "$tree" "${disk_modules[@]}"
    (cd "$tree" && find . | sort | cpio --quiet -o -H newc -R 0:0) | gzip -9n >"$work/initrd"
}

make_root() {
    local tree=$work/root applet libraries=usr/lib/x86_64-linux-gnu
    make_tree "$tree"
    mkdir -p "$tree"/{dev,proc,sys,run,mnt,etc/ssl/certs,root,var/lib,var/log}
    mkdir -m 1777 "$tree/tmp"
    ln -s ../run "$tree/var/run"
    ln -s ../tmp "$tree/var/tmp"
    copy_with_libraries "${programs[@]}"
    cp -R "$here/root/." "$tree/"
    mkdir "$tree"/usr/lib/guest/{ncat,openbsd}
    ln -s ../../../bin/ncat "$tree/usr/lib/guest/ncat/nc"
    ln -s ../../../bin/nc.openbsd "$tree/usr/lib/guest/openbsd/nc"
    chmod 600 "$tree/etc/shadow"
    chmod 700 "$tree/root"
    for applet in $(env -u LD_PRELOAD "$tree/usr/lib64/ld-linux-x86-64.so.2" --library-path "$tree/$libraries" \
        "$tree/usr/bin/busybox" --list); do
        [ -e "$tree/usr/bin/$applet" ] || [ -e "$tree/usr/sbin/$applet" ] || ln -s busybox "$tree/usr/bin/$applet"
    done
    # The paths that scripts spell out, and the kernel's own: /sbin/init and /sbin/modprobe.
    for applet in init modprobe poweroff reboot halt udhcpc acpid uevent; do
        ln -s ../bin/busybox "$tree/usr/sbin/$applet"
    done
    cat "$work"/debian/usr/share/ca-certificates/mozilla/*.crt >"$tree/etc/ssl/certs/ca-certificates.crt"
    copy_modules "$tree" "${disk_modules[@]}" "${guest_modules[@]}"
}

# A FAT partition that syslinux starts from, then the root as the last partition, so that it can grow.
make_disk() {
    local boot=$work/boot disk=$work/disk
    truncate -s ${boot_size}M "$boot"
    mformat -i "$boot" -h 16 -s 63 -H 2048 -T $((boot_size * 2048)) ::
    syslinux --install "$boot"
    mcopy -i "$boot" "$work/debian/boot/vmlinuz-$version" ::/vmlinuz
    mcopy -i "$boot" "$work/initrd" ::/initrd
    mcopy -i "$boot" "$here/syslinux.cfg" ::/syslinux.cfg

    truncate -s ${root_size}M "$work/ext4"
    # The reserved descriptors let it grow to a terabyte while mounted.
    mke2fs -q -t ext4 -b 4096 -m 0 -L volutus-root -J size=4 -E resize=268435456,lazy_itable_init=1 \
        -d "$work/root" "$work/ext4"

    truncate -s $((1 + boot_size + root_size))M "$disk"
    sfdisk -q "$disk" <<LAYOUT
label: dos
start=2048, size=$((boot_size * 2048)), type=e, bootable
start=$((2048 + boot_size * 2048)), size=$((root_size * 2048)), type=83
LAYOUT
    dd if=/usr/lib/syslinux/mbr/mbr.bin of="$disk" bs=440 count=1 conv=notrunc status=none
    dd if="$boot" of="$disk" bs=1M seek=1 conv=notrunc,sparse status=none
    dd if="$work/ext4" of="$disk" bs=1M seek=$((1 + boot_size)) conv=notrunc,sparse status=none
}

# Everything that decides what the image holds.
fingerprint() {
    {
        printf '%s\n' "${files[@]}"
        cd "$here" && find build.sh syslinux.cfg initrd root -type f -exec sha256sum {} + | sort
    } | sha256sum | cut -d' ' -f1
}

build() {
    local version
    unpack
    version=$(cd "$work/debian/usr/lib/modules" && ls)
    depmod -b "$work/debian" "$version"
    make_initramfs
    make_root
    make_disk
    qemu-img convert -O "$format" ${compress:+-c} "$work/disk" "$output.new"
    mv "$output.new" "$output"
    fingerprint >"$output.inputs"
}

[ $# -ge 1 ] || die "usage: build.sh OUTPUT.qcow2|OUTPUT.raw"
output=$1
compress=
case $output in
    *.qcow2) format=qcow2 compress=yes ;;
    *.raw) format=raw ;;
    *) die "$output: the name must end in .qcow2 or .raw" ;;
esac
PATH=$PATH:/usr/sbin:/sbin
require_tools
kernel=$(kernel_package)
[ -n "$kernel" ] || die "apt does not know linux-image-cloud-amd64: run apt-get update"
mapfile -t files < <(package_files "$kernel" "${packages[@]}")
if [ -s "$output" ] && [ "$(cat "$output.inputs" 2>/dev/null)" = "$(fingerprint)" ]; then
    echo "$output is up to date"
    exit
fi
download
# What is packed must belong to root, whoever builds.
if [ "$(id -u)" -ne 0 ] && [ -z "${FAKEROOTKEY:-}" ]; then
    exec fakeroot "$0" "$output"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$(dirname "$output")"
build
echo "$output: $(du -k "$output" | cut -f1) KiB, disk of $((1 + boot_size + root_size)) MiB"
