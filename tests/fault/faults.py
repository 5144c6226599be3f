"""Steers the library of faults.c below a daemon, or below the processes of its plugins. VOLUTUS_FAULTS_LIBRARY is its path."""

import mmap
import os
import struct


class Faults:
    names = ("clock_ahead_seconds", "sync_milliseconds", "write_errno", "counted", "turn", "then", "met")
    thens = ("nothing", "fails once", "fails", "dies", "hangs")  # as enum then

    def __init__(self, cloud, below=None):
        """`below`: the folder whose files meet the faults; else the state directory."""
        path = cloud.folder / "faults"
        path.write_bytes(bytes(8 * len(self.names)))
        with open(path, "r+b") as file:
            self.mapped = mmap.mmap(file.fileno(), 0)
        self.environment = {"LD_PRELOAD": os.environ["VOLUTUS_FAULTS_LIBRARY"], "VOLUTUS_FAULTS": str(path),
                            "VOLUTUS_FAULTS_BELOW": str(below or cloud.state)}

    def set(self, **values):
        for name, value in values.items():
            struct.pack_into("q", self.mapped, 8 * self.names.index(name), value)

    def get(self, name):
        return struct.unpack_from("q", self.mapped, 8 * self.names.index(name))[0]

    def arm(self, turn, then):
        """What is counted begins anew; the one of that number meets the fault."""
        self.set(then=0)
        self.set(counted=0, met=0, turn=turn)
        self.set(then=self.thens.index(then))

    def disarm(self):
        self.set(then=0)

    def wrap(self, program, script):
        """Makes `script` a program that runs `program` above the library."""
        words = " ".join(f"{name}='{value}'" for name, value in self.environment.items())
        script.write_text(f"#!/bin/sh\n{words} exec '{program}' \"$@\"\n")
        script.chmod(0o755)
