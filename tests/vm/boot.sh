#!/bin/bash
# Runs the guest that build-image.sh made.
#   boot.sh start WORKDIR [NAME]            boot the disk called NAME (run), a copy of base.img that is kept between boots
#   boot.sh run   WORKDIR [NAME] < SCRIPT   run a bash script as root in the guest: its output, its exit status
#   boot.sh stop | cut | kill WORKDIR [NAME]   clean power-off | power cut (the guest's page cache is lost) | end QEMU
#   boot.sh fresh WORKDIR [NAME]            throw the disk away
# environment: MEM=512M CPUS=2 ACCEL=tcg,thread=multi RTC=2020-01-01T00:00:00 APPEND="kernel arguments" EXTRA="qemu arguments"
#   NET=1 (user network, the host is 10.0.2.2) SHARE=folder (9p, read-only, tag "share") TIMEOUT=120 (of run, seconds)
# WORKDIR/NAME gets hci.sock (H4 of the guest's radio), agent.sock, console.log, qemu.pid. The sockets are opened by relative
# path, so WORKDIR may be as deep as it likes (a socket's path must stay under 108 bytes).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 2 ] || { sed -n '2,10p' "$0"; exit 2; }
command=$1; work=$(cd "$2" && pwd); mkdir -p "$work/${3:-run}"; cd "$work/${3:-run}"
alive() { [ -s qemu.pid ] && kill -0 "$(cat qemu.pid)" 2> /dev/null; }
gone() { for _ in $(seq 600); do alive || return 0; sleep 0.1; done; echo "the guest did not go within 60 s" >&2; return 1; }
run() { python3 "$here/agent.py" agent.sock "${TIMEOUT:-120}"; }
case $command in
start)
  alive && { echo "already running, pid $(cat qemu.pid)" >&2; exit 1; }
  [ -e disk.img ] || cp --sparse=always "$work/base.img" disk.img
  rm -f agent.sock hci.sock
  share=(); [ -z "${SHARE:-}" ] || share=(-virtfs "local,path=$SHARE,mount_tag=share,security_model=none,readonly=on")
  net=(-nic none); [ -z "${NET:-}" ] || net=(-nic user,model=virtio)
  # shellcheck disable=SC2086   # EXTRA is several arguments
  qemu-system-x86_64 -accel "${ACCEL:-tcg,thread=multi}" -M q35 -cpu max -smp "${CPUS:-2}" -m "${MEM:-512M}" \
    -display none -nodefaults -no-reboot -kernel "$work/vmlinuz" -initrd "$work/initrd.gz" \
    -append "root=/dev/vda console=ttyS0 quiet mitigations=off tsc=reliable ${APPEND:-}" \
    -drive file=disk.img,if=virtio,format=raw,cache=writeback -serial file:console.log -device virtio-rng-pci \
    "${net[@]}" "${share[@]}" ${RTC:+-rtc base=$RTC} -device virtio-serial-pci \
    -chardev socket,path=agent.sock,server=on,wait=off,id=agent -device virtserialport,chardev=agent,name=agent \
    -chardev socket,path=hci.sock,server=on,wait=off,id=hci -device virtserialport,chardev=hci,name=hci \
    ${EXTRA:-} -daemonize -pidfile qemu.pid ;;
run) run ;;
stop) echo 'systemctl --no-block poweroff' | run; gone ;;
cut) echo '(sleep 0.2; echo b > /proc/sysrq-trigger) > /dev/null 2>&1 &' | run; gone ;;   # -no-reboot: QEMU exits
kill) ! alive || kill -9 "$(cat qemu.pid)"; gone ;;
fresh) alive && { echo "still running" >&2; exit 1; }; rm -f disk.img ;;
*) sed -n '2,10p' "$0"; exit 2 ;;
esac
