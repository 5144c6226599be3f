"""What Tempest expects to find in a cloud, and how it is told."""

import configparser
import os

# The smallest that the guest image runs in, and another that differs in all three.
FLAVORS = ({"ram": 128, "vcpus": 1, "disk": 1}, {"ram": 192, "vcpus": 2, "disk": 2})


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
                    "build_timeout": "300" if guest else "60"},
        "compute-feature-enabled": {"hostname_fqdn_sanitization": "true", "vnc_console": "true",
                                    "vnc_server_header": "Volutus", "personality": "false", "rescue": "false",
                                    "shelve": "false", "snapshot": "false", "resize": "false", "suspend": "false",
                                    "live_migration": "false", "swap_volume": "false"},
        "validation": {"run_validation": str(guest).lower(), "image_ssh_user": "root", "connect_method": "floating",
                       "auth_method": "keypair", "ping_timeout": "180" if guest else "5",
                       "ssh_timeout": "300" if guest else "5",
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
