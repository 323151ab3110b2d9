#!/bin/bash
# Builds the guest of the VM tests: Debian 12 with systemd, journald, dbus, BlueZ and mosquitto. No loop mount, no boot loader.
# usage: build-image.sh [WORKDIR]     as root; WORKDIR is work/ beside this script unless given; Debian packages: packages.txt
# Leaves WORKDIR/{vmlinuz,initrd.gz,base.img}. WORKDIR/root.tar and the kernel's .deb are the cache: delete them to renew the guest.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-$here/work}; mkdir -p "$work"; cd "$work"; work=$PWD

# What the image was made from; an image made from the same is kept.
want=$(cat "$here/build-image.sh" "$here"/guest/* | sha256sum)
[ -s base.img ] && [ "$(cat made-from 2>/dev/null)" = "$want" ] && exit 0
rm -f made-from

packages=systemd,systemd-sysv,dbus,bluez,kmod,udev,iproute2,procps,python3-minimal,ca-certificates,tzdata
packages+=,adjtimex,mosquitto,mosquitto-clients,libglib2.0-bin

# Kernel: unpacked, not installed, since its post-install scripts want a boot loader. 6.1.190 where the archive still has it:
# 6.1.192 meets a kernel BUG (hci_chan_del) when a bonded peripheral has forgotten its key.
compgen -G 'linux-image-*.deb' > /dev/null || {
  apt-cache show linux-image-amd64 > /dev/null 2>&1 || apt-get update -qq
  image=linux-image-6.1.0-54-amd64
  apt-cache show "$image" > /dev/null 2>&1 || image=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-/ { print $2; exit }')
  apt-get download -qq -o APT::Sandbox::User=root "$image"
}
rm -rf kernel; mkdir kernel; dpkg -x linux-image-*.deb kernel
release=$(basename kernel/lib/modules/*); modules=lib/modules/$release
cp "kernel/boot/vmlinuz-$release" vmlinuz
[ -e "kernel/$modules/modules.dep" ] || depmod -b kernel "$release"

# Root file system
[ -s root.tar ] || {
  mmdebstrap --quiet --variant=minbase --format=tar --include="$packages" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    bookworm root.tar.new
  mv root.tar.new root.tar
}
rm -rf root; mkdir root; tar -C root --numeric-owner -xpf root.tar --exclude=./dev; mkdir -p root/dev

# Only the modules that a test needs: all of them are 400 MB.
mkdir -p "root/$modules"
( cd "kernel/$modules"
  cp --parents -r modules.* kernel/{net/bluetooth,drivers/bluetooth,drivers/virtio,drivers/md,crypto,lib,arch} \
    kernel/fs/{ext4,jbd2,9p,overlayfs,fuse,fscache,netfs,*.ko} kernel/net/{9p,rfkill,core} \
    kernel/drivers/{block/virtio_blk.ko,block/loop.ko,net/virtio_net.ko,net/net_failover.ko,char/virtio_console.ko} \
    kernel/drivers/{char/hw_random/virtio-rng.ko,hid/uhid.ko,hid/hid.ko} "$work/root/$modules/" )
rm -rf "root/$modules/kernel/arch/x86/kvm"
depmod -b root "$release"

# Settings of the guest
echo vm > root/etc/hostname
printf '127.0.0.1 localhost vm\n' > root/etc/hosts
echo '/dev/vda / ext4 defaults 0 1' > root/etc/fstab
: > root/etc/machine-id                       # empty: a fresh one at the first boot of every overlay
mkdir -p root/var/log/journal                 # a journal that outlives the boot
echo hci_vhci > root/etc/modules-load.d/vm.conf
install -m 755 "$here/guest/vm-agent" "$here/guest/vhci-relay" root/usr/local/sbin/
install -m 644 "$here"/guest/*.service root/etc/systemd/system/
wants=root/etc/systemd/system/multi-user.target.wants
for unit in vm-agent vhci-relay; do ln -sf "/etc/systemd/system/$unit.service" "$wants/"; done
rm -f "$wants/mosquitto.service"              # a test starts its broker with its own settings
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
  getty@tty1.service systemd-timesyncd.service; do    # of no use here, and each costs a second under emulation
  ln -sf /dev/null "root/etc/systemd/system/$unit"
done

# Disk: mke2fs fills it from the folder.
rm -f base.img; truncate -s "${SIZE:-1G}" base.img
mke2fs -q -t ext4 -L root -E lazy_itable_init=0,lazy_journal_init=0 -d root base.img

# Initrd: busybox, and the modules that the disk needs.
rm -rf initrd; mkdir -p initrd/{bin,dev,proc,newroot,m}; cp "$(command -v busybox)" initrd/bin/busybox
for module in virtio_pci virtio_blk crc32c_generic crc32c-intel ext4; do
  modprobe -d "$work/root" -S "$release" --show-depends "$module" 2> /dev/null | awk '$1 == "insmod" { print $2 }'
done | awk '!seen[$0]++' | while read -r file; do cp "$file" initrd/m/; basename "$file"; done > initrd/order
cat > initrd/init <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
while read -r module; do /bin/busybox insmod "/m/$module" 2> /dev/null; done < /order
tries=0; while [ ! -b /dev/vda ] && [ $tries -lt 100 ]; do /bin/busybox usleep 50000; tries=$((tries + 1)); done
/bin/busybox mount -t ext4 -o rw /dev/vda /newroot || exec /bin/busybox sh
/bin/busybox mount --move /dev /newroot/dev
exec /bin/busybox switch_root /newroot /sbin/init
INIT
chmod +x initrd/init
( cd initrd; find . | cpio -o -H newc --quiet | gzip -1 ) > initrd.gz

rm -rf kernel initrd root
echo "$want" > made-from
