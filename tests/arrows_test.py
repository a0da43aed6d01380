#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the include lines of webhook/ and fails on a wrong arrow: a folder that includes a folder it may not know, or a
third-party library that is included in more places than the one that wraps it. Each offence is printed as file:line.
Not a check of what is linked: that is CMake's, with one target per folder. Tests itself on a bad tree.
"""
import re
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# Which folders of webhook/ a folder may include; "" is webhook/ itself (main.cc).
KNOWS = {
    "kube": {"kube"},
    "manifest": {"kube", "manifest"},
    "pki": {"kube", "pki"},
    "controls": {"kube", "controls"},
    "policy": {"kube", "controls", "policy"},
    "engine": {"kube", "controls", "policy", "engine"},
    "server": {"kube", "controls", "policy", "engine", "pki", "server"},
    "cluster": {"kube", "policy", "pki", "cluster"},
    "cli": {"kube", "controls", "policy", "engine", "manifest", "pki", "server", "cluster", "cli"},
    "": {"cli"},
}

# Library (start of the include), in how many .cc files, in how many headers it may be included at most.
LIBRARIES = [
    ("httplib.h", 3, 0),
    ("simdjson.h", 1, 0),
    ("prometheus/", 1, 1),
    ("yaml-cpp/", 1, 0),
    ("yaml.h", 1, 0),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def read_includes(root):
    """Yields (file relative to root, line number, included name) for every include line of webhook/."""
    for path in sorted((root / "webhook").rglob("*")):
        if path.name.endswith((".cc", ".h", ".cc.in", ".h.in")):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if match := INCLUDE.match(line):
                    yield path.relative_to(root), number, match.group(1)


def find_offences(root):
    """Returns a list of "file:line: what is wrong"."""
    offences = []
    places = {library: {"source": {}, "header": {}} for library, _, _ in LIBRARIES}
    for path, number, included in read_includes(root):
        here = path.parts[1] if len(path.parts) > 2 else ""
        if included.startswith("webhook/"):
            there = included.split("/")[1]
            if here not in KNOWS:
                offences.append(f"{path}:{number}: arrows_test.py does not say what {here}/ may include")
            elif there not in KNOWS[here]:
                offences.append(f"{path}:{number}: {here or 'main'} must not include {there} ({included})")
        elif (root / path.parent / included).is_file():
            offences.append(f'{path}:{number}: write the path from the root: "{path.parent / included}"')
        for library in places:
            if included.startswith(library):
                kind = "header" if path.suffix == ".h" else "source"
                places[library][kind].setdefault(path, number)
    for library, most_sources, most_headers in LIBRARIES:
        for kind, most in (("source", most_sources), ("header", most_headers)):
            found = places[library][kind]
            if len(found) > most:
                offences += [f"{path}:{number}: {library} may be included in {most} {kind} files, here are {len(found)}"
                             for path, number in found.items()]
    return offences


class ArrowsTest(unittest.TestCase):
    def test_every_include_of_the_tree_is_allowed(self):
        self.assertGreater(sum(1 for _ in read_includes(ROOT)), 100, "the include lines were not found")
        offences = find_offences(ROOT)
        self.assertFalse(offences, "\n" + "\n".join(offences))

    def test_every_folder_may_include_only_what_its_own_folders_may(self):
        for folder, known in KNOWS.items():
            for other in known - {folder}:
                self.assertNotIn(folder, KNOWS[other], f"{folder} and {other} include each other")

    def test_bad_tree_is_found_bad(self):
        cases = [
            # files, and how the offences begin
            ({"kube/a.h": '#include "webhook/kube/b.h"\n#include <string>\n'}, []),
            ({"kube/a.h": '// x\n#include "webhook/controls/b.h"\n'}, ["webhook/kube/a.h:2: kube must not include controls"]),
            ({"controls/base/a.cc": '#include "webhook/policy/b.h"\n'}, ["webhook/controls/base/a.cc:1: controls must not"]),
            ({"engine/a.cc": '#  include "webhook/server/b.h"\n'}, ["webhook/engine/a.cc:1: engine must not"]),
            ({"manifest/a.cc": '#include "webhook/policy/b.h"\n'}, ["webhook/manifest/a.cc:1: manifest must not include pol"]),
            ({"pki/a.cc": '#include "webhook/policy/b.h"\n'}, ["webhook/pki/a.cc:1: pki must not"]),
            ({"cluster/a.cc": '#include "webhook/server/b.h"\n'}, ["webhook/cluster/a.cc:1: cluster must not"]),
            ({"server/a.cc": '#include "webhook/cluster/b.h"\n'}, ["webhook/server/a.cc:1: server must not"]),
            ({"cluster/a.cc": '#include "webhook/engine/b.h"\n'}, ["webhook/cluster/a.cc:1: cluster must not"]),
            ({"server/a.cc": '#include "webhook/cli/b.h"\n'}, ["webhook/server/a.cc:1: server must not"]),
            ({"main.cc": '#include "webhook/kube/b.h"\n'}, ["webhook/main.cc:1: main must not include kube"]),
            ({"new/a.cc": '#include "webhook/kube/b.h"\n'}, ["webhook/new/a.cc:1: arrows_test.py does not say"]),
            ({"policy/a.cc.in": '#include "webhook/engine/b.h"\n'}, ["webhook/policy/a.cc.in:1: policy must not"]),
            ({"kube/a.cc": '#include "b.h"\n', "kube/b.h": ""}, ["webhook/kube/a.cc:1: write the path from the root"]),
            ({"server/a.h": "#include <httplib.h>\n"}, ["webhook/server/a.h:1: httplib.h"]),
            ({f"server/{i}.cc": "#include <httplib.h>\n" for i in range(3)}, []),
            ({f"server/{i}.cc": '#include "httplib.h"\n' for i in range(4)},
             [f"webhook/server/{i}.cc:1: httplib.h" for i in range(4)]),
            ({"kube/a.cc": "#include <simdjson.h>\n", "kube/b.cc": '#include "simdjson.h"\n'},
             ["webhook/kube/a.cc:1: simdjson.h", "webhook/kube/b.cc:1: simdjson.h"]),
            ({"server/m.cc": "#include <prometheus/counter.h>\n#include <prometheus/gauge.h>\n",
              "server/m.h": "#include <prometheus/registry.h>\n"}, []),
            ({"server/m.cc": "#include <prometheus/counter.h>\n", "server/n.cc": "#include <prometheus/gauge.h>\n"},
             ["webhook/server/m.cc:1: prometheus/", "webhook/server/n.cc:1: prometheus/"]),
            ({"policy/a.h": "#include <yaml-cpp/yaml.h>\n"}, ["webhook/policy/a.h:1: yaml-cpp/"]),
        ]
        for files, expected in cases:
            with self.subTest(files=files), tempfile.TemporaryDirectory() as folder:
                for name, text in files.items():
                    path = Path(folder, "webhook", name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text, encoding="utf-8")
                offences = find_offences(Path(folder))
                self.assertEqual(len(offences), len(expected), offences)
                for offence, start in zip(offences, expected):
                    self.assertTrue(offence.startswith(start), offence)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
