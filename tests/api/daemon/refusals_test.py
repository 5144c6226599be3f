"""What makes volutusd refuse to start: one clear message each, and exit code 1."""

import json
import os
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from cloud import BUILD, OPEN, Cloud, toy

SOURCE = Path(__file__).resolve()
PLAIN = "[gateway]\nlisten = [{port = 0}]\n"


def plugin(folder, name, provides=(), needs=(), definition=None, exports="sdk/cmake/plugin.map", **more):
    """Builds a plugin with this manifest; its table in conf.d."""
    manifest = {"abi": {"major": 1, "minor": 0}, "id": name, "version": "1.0.0", "sdk": "0.1.0",
                "provides": [{"contract": one, "calls": []} for one in provides], "requires": list(needs), **more}
    library = Path(folder) / f"{name}.so"
    subprocess.run([os.environ["VOLUTUS_CC"], "-shared", "-fPIC", "-fvisibility=hidden",
                    f"-I{SOURCE.parents[3]}/sdk/abi", f"-DMANIFEST={json.dumps(json.dumps(manifest))}",
                    *([f"-D{definition}"] if definition else []),
                    *([f"-Wl,--version-script={SOURCE.parents[3]}/{exports}"] if exports else []),
                    SOURCE.parent / "plugin.c", "-o", library], check=True)
    return f'[plugin.{name}]\npath = "{library}"\n'


class Refusals(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="volutus-plugins-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def refused(self, config, *said):
        cloud = Cloud(config)
        self.addCleanup(cloud.discard)
        code, log = cloud.refusal()
        self.assertEqual(code, 1, log)
        self.assertIn("volutusd does not start", log)
        for words in said:
            self.assertIn(words, log)
        self.assertFalse((cloud.state / "ports.json").exists())
        return log

    def file(self, name, content):
        (self.folder / f"{name}.so").write_bytes(content)
        return f'{PLAIN}[plugin.{name}]\npath = "{self.folder}/{name}.so"\n'

    def test_a_configuration_that_does_not_parse(self):
        self.refused("[gateway\n", "50-test.toml:1")

    def test_an_unknown_key_is_told_by_file_and_line(self):
        self.refused("[gateway]\nlisten = [{port = 0}]\ndrian = '1s'\n", "50-test.toml:3: gateway.drian", "did you mean")

    def test_an_unknown_section(self):
        self.refused("[gatewy]\n", "50-test.toml:1: gatewy", "did you mean [gateway]?")

    def test_a_value_out_of_range(self):
        self.refused("[gateway]\nlisten = [{port = 70000}]\n", "50-test.toml:2: gateway.listen[0].port")

    def test_an_unknown_key_of_a_plugins_configuration(self):
        self.refused(toy(more="colour = 'red'\n"), "plugin.toy_file.config.colour", "50-test.toml:")

    def test_everything_that_is_wrong_is_told_at_once(self):
        self.refused("[kernel]\nnoed = 'a'\n[gateway]\nlisten = [{port = 'x'}]\n[plugin.ghost]\n[stor]\n",
                     "50-test.toml:2: kernel.noed", "50-test.toml:4: gateway.listen[0].port", "50-test.toml:6: stor")

    def test_no_tokens_on_a_port_that_others_reach(self):
        self.refused(OPEN.replace("127.0.0.1", "0.0.0.0"), "auth.mode", "give it the address 127.0.0.1")

    def test_a_classic_port_of_a_service_that_is_not_there(self):
        self.refused(toy() + "[gateway.classic_ports]\ncompute = 0\n", "gateway.classic_ports.compute", "no enabled plugin")

    def test_a_policy_that_does_not_hold_together(self):
        cloud = Cloud(PLAIN)
        self.addCleanup(cloud.discard)
        cloud.write("policy.yaml", '"context_is_admin": "rule:no_such_rule"\n"owner": "role:"\n"admin_api": "role:a or"\n')
        said = ("policy.yaml:1: context_is_admin: column 1: there is no rule 'no_such_rule'", "policy.yaml:3: admin_api")
        checked = cloud.volutus("check-config", code=1)
        _, log = cloud.refusal()
        for words in said:
            self.assertIn(words, checked)
            self.assertIn(words, log)

    def test_a_policy_that_has_no_effect_is_warned_of(self):
        cloud = Cloud(PLAIN)
        self.addCleanup(cloud.discard)
        cloud.write("policy.yaml", '"compute:nothing": "role:admin"\n')
        self.assertIn("policy.yaml:1: compute:nothing: no service has this rule", cloud.volutus("check-config"))

    def test_a_plugin_that_is_no_file(self):
        self.refused(PLAIN + "[plugin.ghost]\n", "50-test.toml:3: plugin.ghost", "ghost.so: cannot be opened")

    def test_a_plugin_that_is_no_elf_file(self):
        self.refused(self.file("text", b"#!/bin/sh\n"), "text.so: is not an ELF file")

    def test_a_plugin_that_is_truncated(self):
        self.refused(self.file("short", (BUILD / "lib" / "toy_file.so").read_bytes()[:5000]), "short.so: is truncated")

    def test_a_library_without_a_manifest(self):
        library = self.folder / "bare.so"
        subprocess.run([os.environ["VOLUTUS_CC"], "-shared", "-x", "c", "/dev/null", "-o", library], check=True)
        self.refused(f'{PLAIN}[plugin.bare]\npath = "{library}"\n', "bare.so: has no manifest")

    def test_a_plugin_that_exports_more_than_its_entry(self):
        config = plugin(self.folder, "open", definition="EXPORTS_MORE", exports=None)
        self.refused(PLAIN + config, "open.so: exports 2 symbols, such as second_symbol; a plugin exports volutus_plugin_1 only")

    def test_a_plugin_that_writes_a_kind_of_another(self):
        for link in ("in-process", "process"):
            with self.subTest(link=link):
                config = plugin(self.folder, "thief", definition="TRESPASSES") + f'link = "{link}"\n'
                self.refused(toy() + config, "plugin thief: ",
                             "'thief' may not write the kind 'toy.widget'; only the plugin that declares it may")

    def test_a_plugin_of_another_border(self):
        self.refused(PLAIN + plugin(self.folder, "later", abi={"major": 2, "minor": 0}), "border version 2, this kernel speaks 1")

    def test_a_table_named_after_another_plugin(self):
        config = plugin(self.folder, "real").replace("[plugin.real]", "[plugin.alias]")
        self.refused(PLAIN + config, "[plugin.alias]", "is the plugin 'real'")

    def test_a_link_that_the_plugin_does_not_permit(self):
        config = plugin(self.folder, "near", links=["in-process"])
        self.refused(PLAIN + config + 'link = "process"\n', 'does not permit link = "process"')

    def test_a_required_contract_that_nobody_provides(self):
        self.refused(PLAIN + plugin(self.folder, "lonely", needs=["test.friend/1"]),
                     "plugin lonely requires test.friend/1, which no enabled plugin provides")

    def test_plugins_that_require_each_other_in_a_circle(self):
        config = plugin(self.folder, "hen", ["test.egg/1"], ["test.hen/1"]) + plugin(self.folder, "egg", ["test.hen/1"], ["test.egg/1"])
        self.refused(PLAIN + config, "in a circle: egg -> hen -> egg")

    def test_two_providers_of_one_name(self):
        config = "".join(plugin(self.folder, name, ["test.noun/1"], target="same") for name in ("one", "two"))
        self.refused(PLAIN + config, "plugins one and two both provide test.noun/1 as 'same'")

    def test_two_services_of_one_name(self):
        config = "".join(plugin(self.folder, name, ["volutus.service/1"], service={"name": "same"}) for name in ("one", "two"))
        self.refused(PLAIN + config, "serves /same, and so does the plugin one")

    def test_two_owners_of_one_kind(self):
        config = "".join(plugin(self.folder, name, kinds=[{"name": "test.kind", "schema": 1, "tombstone_seconds": 0}]) for name in ("one", "two"))
        self.refused(PLAIN + config, "both own the kind test.kind")

    def test_a_plugin_whose_entry_fails(self):
        for link in ("in-process", "process"):
            with self.subTest(link=link):
                config = plugin(self.folder, "sick", definition="FAILS") + f'link = "{link}"\n'
                self.refused(PLAIN + config, "plugin sick: volutus_plugin_1 failed: the backend is not there; start it")

    def test_a_plugin_whose_entry_hangs(self):
        for link in ("in-process", "process"):
            with self.subTest(link=link):
                config = plugin(self.folder, "stuck", definition="HANGS") + f'link = "{link}"\n'
                self.refused(PLAIN + config + "[kernel]\npatience = '300ms'\n",
                             "plugin stuck: volutus_plugin_1 did not return within 300 ms")

    def test_a_state_directory_that_another_daemon_uses(self):
        with Cloud(PLAIN) as first:
            second = Cloud(PLAIN)
            self.addCleanup(second.discard)
            os.rmdir(second.state) if second.state.exists() else None
            second.state.symlink_to(first.state)
            code = subprocess.run([BUILD / "bin" / "volutusd", "--config", second.conf, "--state", first.state],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(code.returncode, 1)
            self.assertIn(f"another volutusd (process {first.process.pid}) uses the state directory {first.state}", code.stderr)
            self.assertEqual(first.ask("GET", "/healthz").status, 200)

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.refused(f"[gateway]\nlisten = [{{port = {port}}}]\n", str(port))

    def test_a_state_directory_that_cannot_be_made(self):
        cloud = Cloud(PLAIN)
        self.addCleanup(cloud.discard)
        cloud.state = Path("/dev/null/state")
        done = subprocess.run([BUILD / "bin" / "volutusd", "--config", cloud.conf, "--state", cloud.state],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the state directory /dev/null/state cannot be used", done.stderr)


if __name__ == "__main__":
    unittest.main()
