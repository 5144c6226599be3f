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
