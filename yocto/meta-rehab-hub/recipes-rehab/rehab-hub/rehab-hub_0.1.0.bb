SUMMARY = "The hub that home rehabilitation runs on"
DESCRIPTION = "Captures BLE rehab equipment and wearables, keeps every reading once \
               with an honest time, computes daily adherence and forwards it all to \
               the clinic over MQTT, through outages of weeks."
SECTION = "net"
LICENSE = "MIT | Apache-2.0"
LIC_FILES_CHKSUM = "\
    file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302 \
    file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10 \
"

# The layer stands in the hub's own repository and builds the tree around it: recipe and source cannot differ.
FILESEXTRAPATHS:prepend := "${THISDIR}/../../../..:"
SRC_URI = "\
    file://Cargo.lock;subdir=${BP} \
    file://Cargo.toml;subdir=${BP} \
    file://config;subdir=${BP} \
    file://src;subdir=${BP} \
    file://systemd;subdir=${BP} \
"
require ${BPN}-crates.inc

inherit cargo cargo-update-recipe-crates features_check systemd useradd

REQUIRED_DISTRO_FEATURES = "bluetooth systemd"

# The product has no broker of its own: that is what the default feature `demo` brings.
CARGO_BUILD_FLAGS:append = " --no-default-features --bins"

do_install:append() {
    install -d ${D}${systemd_system_unitdir}/bluetooth.service.d
    install -m 0644 ${S}/systemd/rehab-hub.service ${D}${systemd_system_unitdir}/
    install -m 0644 ${S}/systemd/bluetooth.service.d/rehab-hub.conf \
        ${D}${systemd_system_unitdir}/bluetooth.service.d/
    install -d ${D}${nonarch_libdir}/tmpfiles.d ${D}${nonarch_libdir}/systemd/catalog
    install -m 0644 ${S}/systemd/rehab-hub.tmpfiles ${D}${nonarch_libdir}/tmpfiles.d/rehab-hub.conf
    install -m 0644 ${S}/systemd/rehab-hub.catalog ${D}${nonarch_libdir}/systemd/catalog/

    install -d -m 0750 ${D}${sysconfdir}/rehab-hub
    install -m 0640 ${S}/config/hub.toml ${D}${sysconfdir}/rehab-hub/
    chown -R root:rehab-hub ${D}${sysconfdir}/rehab-hub
}

SYSTEMD_SERVICE:${PN} = "rehab-hub.service"

# The class makes the user when the image is built; sysusers.d is for systems without it. Both packages own files of it.
USERADD_PACKAGES = "${PN} ${PN}-conf"
USERADD_PARAM:${PN} = "--system --user-group --no-create-home \
                       --home-dir ${localstatedir}/lib/rehab-hub \
                       --shell ${base_sbindir}/nologin rehab-hub"
USERADD_PARAM:${PN}-conf = "${USERADD_PARAM:${PN}}"

# The configuration is a package of its own: a clinic's image brings another one in its place.
PACKAGE_BEFORE_PN = "${PN}-conf"
FILES:${PN}-conf += "${sysconfdir}/rehab-hub"
CONFFILES:${PN}-conf += "${sysconfdir}/rehab-hub/hub.toml"
FILES:${PN} += "\
    ${nonarch_libdir}/systemd/catalog \
    ${nonarch_libdir}/tmpfiles.d \
    ${systemd_system_unitdir}/bluetooth.service.d \
"
RDEPENDS:${PN} += "bluez5"
RRECOMMENDS:${PN} += "${PN}-conf"
