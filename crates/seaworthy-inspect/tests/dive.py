#!/usr/bin/env python3
"""An independent reading of dive's published formula, over the layers of an OCI layout.

usage: dive.py LAYOUT_DIR…   prints a line for each: {"efficiency": …, "wasted": …, "user_bytes": …, "paths": …}

It builds a tree for each layer, as dive's `filetree` does, and stacks the lower ones again for each whiteout of a
directory. It shares nothing with the Rust code: no merge, no order, no arena.
"""
import json
import os
import posixpath
import sys
import tarfile


class Node:
    def __init__(self, name, parent):
        self.name, self.parent, self.children = name, parent, {}
        self.size, self.directory = 0, False

    def path(self):
        parts, node, first = [], self, True
        while node.parent is not None:
            name = node.name
            if first and name.startswith(".wh."):
                name = name[4:]
            parts.append(name)
            node, first = node.parent, False
        return "/" + "/".join(reversed(parts))

    def walk(self):
        for name in sorted(self.children):
            yield from self.children[name].walk()
        if self.parent is not None:
            yield self


def add(root, path, size, directory):
    node = root
    parts = [part for part in path.strip("/").split("/") if part]
    for at, part in enumerate(parts):
        if part not in node.children:
            if part.startswith(".wh..wh.."):
                return
            node.children[part] = Node(part, node)
        node = node.children[part]
        if at == len(parts) - 1:
            node.size, node.directory = size, directory


def find(root, path):
    node = root
    for part in path.strip("/").split("/"):
        node = node.children.get(part)
        if node is None:
            return None
    return node


def stack(layers):
    root = Node("", None)
    for layer in layers:
        for node in layer.walk():
            path = node.path()
            if node.name.startswith(".wh."):
                gone = find(root, path)
                if gone is not None:
                    del gone.parent.children[gone.name]
            else:
                add(root, path, node.size, node.directory)
    return root


def blob(layout, digest):
    return os.path.join(layout, "blobs", *digest.split(":"))


def main(layout):
    index = json.load(open(os.path.join(layout, "index.json")))
    manifest = json.load(open(blob(layout, index["manifests"][0]["digest"])))
    layers, sizes = [], []
    for layer in manifest["layers"]:
        root, total = Node("", None), 0
        with tarfile.open(blob(layout, layer["digest"]), "r:*") as tar:
            for entry in tar:
                path = posixpath.normpath(entry.name)
                if path in (".", "/"):
                    continue
                size = entry.size if entry.isreg() else 0
                total += size
                add(root, path, size, entry.isdir())
        layers.append(root)
        sizes.append(total)
    paths = {}
    for at, layer in enumerate(layers):
        stacked = None
        for node in layer.walk():
            if node.children:
                continue
            size = node.size
            if node.name.startswith(".wh."):
                size = 0
                stacked = stacked or stack(layers[:at])
                before = find(stacked, node.path())
                if before is not None and before.directory:
                    size = before.size + sum(below.size for below in before.walk() if below is not before)
            paths.setdefault(node.path(), []).append(size)
    total = sum(sum(copies) for copies in paths.values())
    twice = {path: copies for path, copies in paths.items() if len(copies) > 1}
    print(json.dumps({
        "efficiency": sum(min(copies) for copies in paths.values()) / total if total else 1.0,
        "wasted": sum(sum(copies) for copies in twice.values()),
        "user_bytes": sum(sizes[1:]),
        "paths": len(twice),
    }))


for layout in sys.argv[1:]:
    main(layout)
