#!/usr/bin/env python3
"""Kills the real daemon at random moments while clients create and delete widgets, and then compares what everyone was
told, what the documents say, and what the driver has.

A seed fixes what clients ask and when the daemon is killed; what it does between is the machine's.
"""

import http.client
import json
import random
import sys
import threading
import time

from cloud import Cloud, toy, wait_for
from killing import command_line, disagreements, ended, wait_for_rest

WIDGETS = "/toy/v1/widgets"
CLIENTS = 4
# Less capacity than is asked for, so that some tasks fail and are undone.
SLOTS, QUOTA = 150, 60
TASKS = """
[tasks]
longest_pause = "1s"
tries = 4
"""


class Client(threading.Thread):
    """Creates and deletes in a project of its own, and keeps what it was told."""

    def __init__(self, cloud, number, seed):
        super().__init__(name=f"client-{number}")
        self.cloud, self.project = cloud, f"p{number}"
        self.random = random.Random(f"{seed}/{number}")
        self.ending = threading.Event()
        self.created = {}         # id: name, of creates that were acknowledged
        self.delete_asked = set()
        self.delete_told = set()  # ids whose delete was acknowledged
        self.wrong = []           # answers that no crash excuses
        self.lost = 0             # requests whose answer never came

    def run(self):
        number = 0
        while not self.ending.is_set():
            kept = sorted(self.created.keys() - self.delete_told)
            if kept and self.random.random() < 0.4:
                self.delete(self.random.choice(kept))
            else:
                number += 1
                self.create(f"{self.project}-{number}")

    def ask(self, method, path, body=None):
        """The reply; None where nobody can tell what became of the request."""
        try:
            reply = self.cloud.ask(method, path, body, self.project, timeout=20)
        except (OSError, http.client.HTTPException, ValueError):
            self.lost += 1
            self.ending.wait(0.02)  # it is down; it is not to be drowned in connections as it comes up
            return None
        return None if reply.status in (500, 503) else reply

    def create(self, name):
        widget = {"name": name, "size": self.random.randint(1, 3), "colour": self.random.choice(["red", "green"])}
        reply = self.ask("POST", WIDGETS, {"widget": widget})
        if reply is None:
            return
        if reply.status == 202:
            self.created[reply.json["widget"]["id"]] = name
        elif reply.status == 413:  # the quota
            self.ending.wait(0.01)
        else:
            self.wrong.append(f"create {name}: {reply}")

    def delete(self, widget_id):
        self.delete_asked.add(widget_id)
        reply = self.ask("DELETE", f"{WIDGETS}/{widget_id}")
        if reply is None:
            return
        # 404: an earlier delete, whose answer was lost, did it.
        if reply.status in (202, 204, 404):
            self.delete_told.add(widget_id)
        else:
            self.wrong.append(f"delete {widget_id}: {reply}")


def listed(cloud, project):
    """All widgets of a project, by id, page by page."""
    found, marker = {}, ""
    while True:
        page = cloud.ask("GET", f"{WIDGETS}?limit=50{marker}", project=project).json["widgets"]
        found.update((one["id"], one) for one in page)
        if len(page) < 50:
            return found
        marker = f"&marker={page[-1]['id']}"


def made(cloud):
    """What the driver has, by id: the files of its directory that hold a widget."""
    found = {}
    for file in (cloud.state / "widgets").glob("*.json"):
        record = json.loads(file.read_text())
        if "body" in record:
            found[file.stem] = record["body"]
    return found


def differences(cloud, clients):
    documents = {}
    for client in clients:
        there = listed(cloud, client.project)
        documents.update(there)
        yield from (f"{client.project}: {wrong}" for wrong in client.wrong)
        for widget_id in client.created.keys() - there.keys() - client.delete_asked:
            yield f"the create of {client.created[widget_id]} ({widget_id}) was acknowledged, and it is not there"
        for widget_id in client.delete_told & there.keys():
            yield f"the delete of {widget_id} was acknowledged, and it is {there[widget_id]['status']}"
    files = made(cloud)
    for widget_id, widget in documents.items():
        file = files.pop(widget_id, None)
        if widget["status"] == "error":
            if not widget.get("fault"):
                yield f"{widget_id} is in error without a reason"
            if file:
                yield f"{widget_id} is in error, and the driver still has {file}"
        elif widget["status"] != "active":
            yield f"{widget_id} stays in {widget['status']}"
        elif not file or (file["size"], file.get("colour")) != (widget["size"], widget["colour"]):
            yield f"{widget_id} is {widget}, the driver has {file}"
    yield from (f"the driver has {widget_id}, which no document knows" for widget_id in files)
    yield from disagreements(cloud)


def kill_often(cloud, rounds, moments):
    for _ in range(rounds):
        time.sleep(moments.uniform(0.01, 0.6))
        cloud.kill()
        cloud.spawn()
        # Now and then it is killed on its way up, too.
        if moments.random() < 0.8:
            wait_for("volutusd to be ready", cloud.is_ready)
    wait_for("volutusd to be ready", cloud.is_ready)


def main():
    parser = command_line(__doc__, rounds=25)
    parser.add_argument("--link", choices=["in-process", "process"], default="in-process")
    wanted = parser.parse_args()

    cloud = Cloud(toy(wanted.link, quota=QUOTA, slots=SLOTS, more=TASKS))
    cloud.start()
    clients = [Client(cloud, number, wanted.seed) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        kill_often(cloud, wanted.rounds, random.Random(wanted.seed))
    finally:
        for client in clients:
            client.ending.set()
        for client in clients:
            client.join()
    wait_for_rest(cloud)

    found = list(differences(cloud, clients))
    created = sum(len(client.created) for client in clients)
    deleted = sum(len(client.delete_told) for client in clients)
    lost = sum(client.lost for client in clients)
    print(f"seed {wanted.seed}: {wanted.rounds} kills, {created} creates and {deleted} deletes acknowledged, {lost} answers lost")
    if not created or not deleted or not lost:
        found.append("nothing was created, deleted or lost, so nothing was tested")
    return ended(cloud, found)


if __name__ == "__main__":
    sys.exit(main())
