"""Fills the store of a cloud that is stopped."""

import subprocess

from cloud import BUILD


def copies(cloud, kind, document, count):
    """So many copies of a document; see document_copies.cpp."""
    subprocess.run([BUILD / "bin" / "document_copies", cloud.state / "store.db", kind, document, str(count)], check=True)
