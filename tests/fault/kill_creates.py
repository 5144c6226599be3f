#!/usr/bin/env python3
"""Kills the real daemon while creates with an Idempotency-Key run, sent twice each by clients that do not wait. After each
restart the clients send them again: each key has made one thing, whoever got an answer gets the same one again, and
`volutus verify` finds no difference.
"""

import http.client
import random
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from killing import LATENCY, command_line, wait_for_rest
from kill_servers import furnish
from whole_cloud import SIMULATED, WholeCloud

HEADERS = {"OpenStack-API-Version": "compute 2.37"}


class Creates:
    def __init__(self, cloud, moments):
        self.cloud, self.moments = cloud, moments
        self.found = []
        self.told = Counter()
        image, flavor, network = furnish(cloud, None)
        # The path, the body of a name, the list of those of a name, and how many may have one name.
        self.kinds = [
            ("/network/v2.0/networks", lambda name: {"network": {"name": name}},
             lambda name: self.listed(f"/network/v2.0/networks?name={name}", "networks"), 3),
            ("/network/v2.0/ports", lambda name: {"port": {"name": name, "network_id": network}},
             lambda name: self.listed(f"/network/v2.0/ports?name={name}", "ports"), 3),
            ("/image/v2/images", lambda name: {"name": name},
             lambda name: self.listed(f"/image/v2/images?name={name}", "images"), 3),
            ("/compute/v2.1/servers", lambda name: {"server": {"name": name, "imageRef": image, "flavorRef": flavor,
                                                               "networks": [{"uuid": network}]}},
             lambda name: self.listed(f"/compute/v2.1/servers?name=^{name}$", "servers"), 2),
            ("/compute/v2.1/os-keypairs", lambda name: {"keypair": {"name": name}},
             lambda name: [one for one in self.listed("/compute/v2.1/os-keypairs", "keypairs")
                           if one["keypair"]["name"] == name], 1),
            ("/identity/v3/projects", lambda name: {"project": {"name": name}},
             lambda name: self.listed(f"/identity/v3/projects?name={name}", "projects"), 1)]

    def listed(self, path, key):
        return self.cloud.call("GET", path, headers=HEADERS)[key]

    def create(self, path, body, key):
        """The reply; None where nobody can tell what became of the request."""
        try:
            return self.cloud.ask("POST", path, body, timeout=20, headers={
                **HEADERS, "X-Auth-Token": self.cloud.token, "Idempotency-Key": key})
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def round(self, number):
        path, body_of, listed, most = self.kinds[number % len(self.kinds)]
        name = f"killed-{number}"
        keys = [f"{name}-{n}" for n in range(most)]
        with ThreadPoolExecutor(8) as pool:
            sent = [(key, pool.submit(self.create, path, body_of(name), key)) for key in keys * 2]
            time.sleep(self.moments.uniform(0, 0.06))
            self.cloud.kill()
        self.cloud.start()
        again = {key: self.create(path, body_of(name), key) for key in keys}
        for key, reply in again.items():
            if reply is None or reply.status >= 300:
                self.found.append(f"{path} with the key {key}: the repeat was told {reply}")
        for key, first in ((key, future.result()) for key, future in sent):
            self.told[first.status if first else "no answer"] += 1
            if first and first.status < 300 and again[key] and again[key].text != first.text:
                self.found.append(f"{path} with the key {key}: first {first}, then {again[key]}")
            if first and first.status >= 300 and first.status not in (409, 503):
                self.found.append(f"{path} with the key {key}: {first}")
        self.told["again"] += sum(1 for reply in again.values() if reply and reply.headers["Idempotent-Replayed"])
        wait_for_rest(self.cloud)
        made = listed(name)
        if len(made) != most:
            self.found.append(f"{path}: {most} keys made {len(made)} of the name {name}")
        self.cloud.volutus("verify")
        for one in made if path.endswith("/servers") else []:
            self.cloud.ask("DELETE", f"{path}/{one['id']}", headers={"X-Auth-Token": self.cloud.token})


def main():
    arguments = command_line(__doc__, rounds=12).parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with WholeCloud(SIMULATED, LATENCY) as cloud:
        creates = Creates(cloud, random.Random(arguments.seed))
        for number in range(arguments.rounds):
            creates.round(number)
    print(f"{arguments.rounds} kills; answers: {dict(creates.told)}")
    print("\n".join(creates.found))
    sys.exit(1 if creates.found else 0)


if __name__ == "__main__":
    main()
