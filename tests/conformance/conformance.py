"""Tempest against a fresh cloud. See run.sh."""

import argparse
import configparser
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path

from whole_cloud import HOST, SIMULATED, WholeCloud

HERE = Path(__file__).resolve().parent
# The smallest that the guest image runs in, and another that differs in all three.
FLAVORS = ({"ram": 128, "vcpus": 1, "disk": 1}, {"ram": 192, "vcpus": 2, "disk": 2})
SECONDS = 3600


def furnish(cloud, guest_image):
    """What Tempest expects to find: images, flavors and an external network. Their ids."""
    flavors = [cloud.call("POST", "/compute/v2.1/flavors", {"flavor": {"name": f"conformance-{n}", **flavor}})["flavor"]["id"]
               for n, flavor in enumerate(FLAVORS)]
    images = []
    for name in ("conformance", "conformance-alt"):
        image = cloud.call("POST", "/image/v2/images", {
            "name": name, "disk_format": "qcow2" if guest_image else "raw", "container_format": "bare",
            "visibility": "public", "min_ram": FLAVORS[0]["ram"]})
        data = guest_image.read_bytes() if guest_image else os.urandom(1 << 20)
        reply = cloud.ask("PUT", f"/image/v2/images/{image['id']}/file", data, timeout=120,
                          headers={"X-Auth-Token": cloud.token, "Content-Type": "application/octet-stream"})
        assert reply.status == 204, reply
        images.append(image["id"])
    network = cloud.call("POST", "/network/v2.0/networks", {"network": {
        "name": "public", "router:external": True, "provider:network_type": "flat",
        "provider:physical_network": "public"}})["network"]["id"]
    cloud.call("POST", "/network/v2.0/subnets", {"subnet": {
        "network_id": network, "ip_version": 4, "cidr": "172.24.4.0/24", "gateway_ip": "172.24.4.1",
        "enable_dhcp": False}})
    return flavors, images, network


def configuration(cloud, folder, flavors, images, network, guest):
    extensions = [one["alias"] for one in cloud.call("GET", "/network/v2.0/extensions")["extensions"]]
    sections = {
        "DEFAULT": {"log_file": str(folder / "tempest.log"), "debug": "true"},
        "oslo_concurrency": {"lock_path": str(folder / "locks")},
        "auth": {"use_dynamic_credentials": "true", "create_isolated_networks": "true", "admin_username": "admin",
                 "admin_password": cloud.password, "admin_project_name": "admin", "admin_domain_name": "Default"},
        "identity": {"uri_v3": f"{cloud.url}/identity/v3", "region": "RegionOne", "auth_version": "v3"},
        "compute": {"image_ref": images[0], "image_ref_alt": images[1], "flavor_ref": flavors[0],
                    "flavor_ref_alt": flavors[1], "min_microversion": "2.1", "max_microversion": "latest",
                    "build_timeout": "300"},
        "compute-feature-enabled": {"hostname_fqdn_sanitization": "true", "vnc_console": "true",
                                    "vnc_server_header": "Volutus", "personality": "false", "rescue": "false",
                                    "shelve": "false", "snapshot": "false", "resize": "false", "suspend": "false",
                                    "live_migration": "false", "swap_volume": "false"},
        "validation": {"run_validation": str(guest).lower(), "image_ssh_user": "root", "connect_method": "floating",
                       "auth_method": "keypair", "ping_timeout": "180", "ssh_timeout": "300",
                       "network_for_ssh": "public"},
        "network": {"public_network_id": network, "floating_network_name": "public"},
        "network-feature-enabled": {"api_extensions": ",".join(extensions), "ipv6": "true", "floating_ips": "true",
                                    "ipv6_subnet_attributes": "true", "port_security": "true"},
        "service_available": {"cinder": "false", "swift": "false", "nova": "true", "glance": "true", "neutron": "true"},
    }
    written = configparser.RawConfigParser(default_section="nothing")
    written.read_dict(sections)
    with open(folder / "tempest.conf", "w", encoding="utf-8") as file:
        written.write(file)


def run_suite(folder, tests):
    """Runs what matches; how many passed, failed and were skipped, and the failures."""
    process = subprocess.run(
        ["tempest", "run", "--config-file", folder / "tempest.conf", "--regex", tests, "--serial", "--subunit"],
        cwd=folder, capture_output=True, timeout=SECONDS, check=False)
    told = subprocess.run(["subunit-2to1"], input=process.stdout, capture_output=True, check=True).stdout.decode(errors="replace")
    (folder / "last.subunit").write_text(told)
    counts, failed = Counter(), []
    for line in told.splitlines():
        outcome, _, test = line.partition(": ")
        if outcome in ("success", "successful"):
            counts["passed"] += 1
        elif outcome in ("failure", "error", "uxsuccess"):
            counts["failed"] += 1
            failed.append(test.rstrip(" ["))
        elif outcome == "skip":
            counts["skipped"] += 1
    if not counts:
        print(process.stderr.decode(errors="replace")[-4000:], file=sys.stderr)
    return counts, failed, told


def main():
    suites = tomllib.loads((HERE / "suites.toml").read_text())
    parser = argparse.ArgumentParser(prog="tests/conformance/run.sh")
    parser.add_argument("--drivers", choices=("simulated", "host"), default="simulated")
    parser.add_argument("--keep", action="store_true", help="keep Tempest's folder and log")
    parser.add_argument("--guest-image", type=Path, help="of contrib/images/build.sh; for the host's drivers")
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(suites))
    wanted = parser.parse_args()
    guest = wanted.drivers == "host"
    if guest and not wanted.guest_image:
        parser.error("--drivers host needs --guest-image; contrib/images/build.sh makes one")
    names = wanted.suites or [name for name, suite in suites.items() if guest or not suite.get("guest")]
    for name in names:
        if name not in suites:
            parser.error(f"no suite {name}: {', '.join(suites)}")
        if suites[name].get("guest") and not guest:
            parser.error(f"{name} needs a guest: --drivers host")

    folder = Path(tempfile.mkdtemp(prefix="volutus-conformance-"))
    (folder / "locks").mkdir()
    (folder / ".stestr.conf").write_text("[DEFAULT]\ntest_path=/usr/lib/python3/dist-packages/tempest/test_discover\n"
                                         "top_dir=/usr/lib/python3/dist-packages\n")
    subprocess.run(["stestr", "init"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    bad = False
    cloud = WholeCloud(HOST if guest else SIMULATED)
    try:
        cloud.start()
        configuration(cloud, folder, *furnish(cloud, wanted.guest_image), guest)
        print(f"{'suite':<20} {'passed':>7} {'failed':>7} {'skipped':>8}", flush=True)
        for name in names:
            counts, failed, told = run_suite(folder, suites[name]["tests"])
            print(f"{name:<20} {counts['passed']:>7} {counts['failed']:>7} {counts['skipped']:>8}", flush=True)
            bad = bad or counts["failed"] > 0 or counts["passed"] == 0
            for test in failed:
                print(f"  failed: {test.partition('[')[0]}", flush=True)
            if failed and wanted.keep:
                (folder / f"{name}.txt").write_text(told)
        errors = [line for line in cloud.log.read_text().splitlines() if re.search(r"\berror\b", line[:60], re.I)]
        for line in errors[:20]:
            print(f"the daemon said: {line}")
    finally:
        if wanted.keep:
            shutil.copy(cloud.log, folder / "volutusd.log")
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
        cloud.__exit__(None)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
