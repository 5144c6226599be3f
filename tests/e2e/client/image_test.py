"""`openstack` commands of the image service."""

import hashlib
import os
import unittest
from pathlib import Path

from whole_cloud import WholeCloud


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(WholeCloud())
        cls.admin = [cls.cloud.admin()]
        cls.bytes = os.urandom(3 << 20)
        cls.file = cls.cloud.folder / "disk.raw"
        cls.file.write_bytes(cls.bytes)

    def setUp(self):
        self.openstack = self.admin[0]

    def test_an_image_comes_back_as_it_went(self):
        made = self.openstack.show(f"image create --file {self.file} --disk-format raw --container-format bare "
                                   "--property colour=green whole")
        self.assertEqual((made["name"], made["visibility"], made["container_format"]), ("whole", "shared", "bare"))
        shown = self.openstack.show("image show whole")
        self.assertEqual((shown["status"], shown["size"], shown["checksum"]),
                         ("active", len(self.bytes), hashlib.md5(self.bytes).hexdigest()))
        self.assertEqual(shown["properties"]["colour"], "green")
        self.assertEqual(shown["properties"]["os_hash_value"], hashlib.sha512(self.bytes).hexdigest())
        back = self.cloud.folder / "back.raw"
        self.openstack(f"image save --file {back} whole")
        self.assertEqual(back.read_bytes(), self.bytes)
        self.openstack("image delete whole")
        self.assertIn("No Image found for whole", self.openstack("image show whole", code=1).err)

    def test_an_image_is_changed(self):
        self.openstack(f"image create --file {self.file} draft")
        self.openstack("image set --name final --min-disk 1 --min-ram 128 --property os=linux --tag nice draft")
        shown = self.openstack.show("image show final")
        self.assertEqual((shown["min_disk"], shown["min_ram"], shown["tags"], shown["properties"]["os"]),
                         (1, 128, ["nice"], "linux"))
        self.openstack("image unset --property os --tag nice final")
        shown = self.openstack.show("image show final")
        self.assertEqual(shown["tags"], [])
        self.assertNotIn("os", shown["properties"])

    def test_images_are_listed_by_what_they_are(self):
        self.openstack(f"image create --file {self.file} --community --tag found --property colour=blue --min-disk 2 listed")
        for options in ("--community --tag found", "--name listed --community", "--community --property colour=blue",
                        "--community --status active", "--community --sort name:desc --limit 1"):
            with self.subTest(options):
                self.assertEqual([row["Name"] for row in self.openstack.list(f"image list {options}")], ["listed"])
        row = self.openstack.list("image list --long --community")[0]
        self.assertEqual((row["Size"], row["Checksum"], row["Visibility"], row["Protected"], row["Tags"]),
                         (len(self.bytes), hashlib.md5(self.bytes).hexdigest(), "community", False, ["found"]))
        self.openstack("image set --hidden listed")
        self.assertNotIn("listed", [row["Name"] for row in self.openstack.list("image list --community")])
        self.assertEqual([row["Name"] for row in self.openstack.list("image list --hidden --community")], ["listed"])
        self.openstack("image delete listed")

    def test_a_shared_image_is_there_for_whom_it_is_shared_with(self):
        member = self.openstack.show("project create partners")["id"]
        self.openstack("user create --password secret pat")
        self.openstack("role add --user pat --project partners member")
        pat = self.cloud.user("pat", "partners")
        image = self.openstack.show(f"image create --file {self.file} --shared lent")["id"]
        pat(f"image show {image}", code=1)
        self.openstack(f"image add project lent {member}")
        self.assertEqual([(row["Member ID"], row["Status"]) for row in self.openstack.list("image member list lent")],
                         [(member, "pending")])
        pat(f"image set --accept {image}")
        self.assertEqual(pat.show(f"image show {image}")["name"], "lent")
        self.assertIn("lent", [row["Name"] for row in pat.list("image list --shared")])
        self.assertIn("403", pat(f"image delete {image}", code=1).err)
        self.openstack(f"image remove project lent {member}")
        pat(f"image show {image}", code=1)
        self.openstack("image delete lent")

    def test_what_is_deactivated_is_not_handed_out(self):
        self.openstack("project create readers")
        self.openstack("user create --password secret rita")
        self.openstack("role add --user rita --project readers member")
        rita, back = self.cloud.user("rita", "readers"), self.cloud.folder / "rita.raw"
        self.openstack(f"image create --file {self.file} --public paused")
        self.openstack("image set --deactivate paused")
        self.assertEqual(self.openstack.show("image show paused")["status"], "deactivated")
        rita(f"image save --file {back} paused", code=None)  # this client's exit code is 0 all the same
        self.assertNotEqual(back.read_bytes() if back.exists() else b"", self.bytes)
        self.openstack("image set --activate paused")
        rita(f"image save --file {back} paused")
        self.assertEqual(back.read_bytes(), self.bytes)
        self.openstack("image delete paused")

    def test_a_protected_image_stays(self):
        self.openstack(f"image create --file {self.file} --protected kept")
        refused = self.openstack("image delete kept", code=1)
        self.assertIn("403", refused.err)
        self.openstack("image set --unprotected kept")
        self.openstack("image delete kept")

    def test_a_public_image_is_everyones_and_a_private_one_is_not(self):
        self.openstack("project create viewers")
        self.openstack("user create --password secret eve")
        self.openstack("role add --user eve --project viewers member")
        self.openstack(f"image create --file {self.file} --public seen")
        self.openstack(f"image create --file {self.file} --private unseen")
        eve = self.cloud.user("eve", "viewers")
        names = [row["Name"] for row in eve.list("image list")]
        self.assertIn("seen", names)
        self.assertNotIn("unseen", names)
        eve("image delete seen", code=1)
        eve(f"image create --file {self.file} --public mine", code=1)

    def test_a_disk_that_reads_another_file_is_refused(self):
        backed = self.cloud.folder / "backed.qcow2"
        # A qcow2 header of version 3 whose backing file is /etc/passwd.
        name = b"/etc/passwd"
        header = bytearray(512)
        header[0:8] = b"QFI\xfb" + (3).to_bytes(4, "big")
        header[8:16] = (104).to_bytes(8, "big")
        header[16:20] = len(name).to_bytes(4, "big")
        header[20:24] = (16).to_bytes(4, "big")
        header[24:32] = (1 << 20).to_bytes(8, "big")
        header[100:104] = (104).to_bytes(4, "big")
        header[104:104 + len(name)] = name
        backed.write_bytes(header)
        refused = self.openstack(f"image create --file {backed} --disk-format qcow2 trap", code=1)
        self.assertIn("backing", refused.err + refused.out)
        self.assertFalse(any(Path(self.cloud.state, "images").rglob("*.part")))


if __name__ == "__main__":
    unittest.main()
