"""The licences of all crates that are linked into the tools, in one text.

In: nothing; the sources are where cargo has them. Out, on stdout: every crate with its version and licence, then every text that they
come with, each once.
"""

import hashlib
import json
import os
import re
import subprocess
import sys

TEXTS = re.compile(r"^(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)


def linked(metadata):
    """What the tools are made of: normal dependencies, and theirs."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]
    seen, left = set(), [root]
    while left:
        one = left.pop()
        if one in seen:
            continue
        seen.add(one)
        for dependency in nodes[one]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                left.append(dependency["pkg"])
    crates = [package for package in metadata["packages"] if package["id"] in seen and package["id"] != root]
    return sorted(crates, key=lambda crate: (crate["name"], crate["version"]))


def texts(crate):
    """The texts of a crate, by file name."""
    directory = os.path.dirname(crate["manifest_path"])
    for name in sorted(os.listdir(directory)):
        path = os.path.join(directory, name)
        if TEXTS.match(name) and os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                yield name, file.read().strip()


def main():
    target = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    host = re.search(r"^host: (.*)$", target, re.MULTILINE)[1]
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", host]
    crates = linked(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    if not crates:
        sys.exit("notices: cargo names no crate")
    print("refreshkit is linked with these crates. The texts that they come with are below.\n")
    of_text, order = {}, []
    for crate in crates:
        label = f"{crate['name']} {crate['version']}"
        where = crate["repository"] or crate["homepage"] or "https://crates.io/crates/" + crate["name"]
        print(f"  {label}: {crate['license'] or 'see ' + str(crate['license_file'])}, {where}")
        for name, text in texts(crate):
            digest = hashlib.sha256(" ".join(text.split()).encode()).digest()
            if digest not in of_text:
                of_text[digest] = (text, [])
                order.append(digest)
            of_text[digest][1].append(f"{label} ({name})")
    for digest in order:
        text, who = of_text[digest]
        print("\n" + "=" * 100 + "\n" + "\n".join(who) + "\n" + "-" * 100 + "\n" + text)


main()
