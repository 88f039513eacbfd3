#!/usr/bin/env python3
"""Shows that check.py finds what it is there for. Run by ctest."""
import pathlib
import tempfile
import unittest

import check


def faults_of(path, text):
    return [fault for _, fault in check.check_file(path, text)]


def faults_of_include(path, included):
    return faults_of(path, f"// A file.\n#pragma once\n#include {included}\n")


class IncludeRule(unittest.TestCase):
    def test_allowed(self):
        for path, included in [
            ("core/base/text.cc", '"core/base/text.h"'),
            ("core/config/node.cc", '"core/base/text.h"'),
            ("core/track/tracker.cc", '"core/plugin/cache.h"'),
            ("plugins/parsers/exim/exim.cc", '"core/plugin/plugin.h"'),
            ("plugins/parsers/exim/exim.cc", '"plugins/parsers/exim/address.h"'),
            ("plugins/inputs/tcp/tcp.cc", '"core/spool/record.h"'),
            ("plugins/sinks/sqlite/sqlite.cc", '"plugins/sinks/sql/driver.h"'),
            ("plugins/inputs/tcp/tcp.cc", "<regex>"),
            ("core/daemon/daemon.cc", "<systemd/sd-daemon.h>"),
            ("tests/unit/base/text_test.cc", '"core/track/tracker.h"'),
        ]:
            self.assertEqual(faults_of_include(path, included), [], (path, included))

    def test_refused(self):
        for path, included, fault in [
            ("core/base/text.cc", '"core/config/node.h"', "core/base must not include core/config"),
            ("core/spool/spool.cc", '"core/track/tracker.h"', "core/spool must not include core/track"),
            ("core/base/text.cc", '"plugins/sinks/sql/driver.h"', "core/ includes only core/"),
            ("core/odd/x.cc", '"core/base/text.h"', "core/odd is not in the include rule (tests/style/check.py)"),
            ("plugins/inputs/tcp/tcp.cc", '"core/spool/spool.h"', "a plugin must not include core/spool"),
            ("plugins/sinks/sqlite/sqlite.cc", '"core/store/pipeline.h"', "a plugin must not include core/store"),
            ("plugins/parsers/exim/exim.cc", '"plugins/parsers/postfix/address.h"',
             "a plugin includes the border and its own folder, not plugins/parsers/postfix/address.h"),
            ("plugins/parsers/exim/exim.cc", "<regex>", "a parser scans by hand, without regular expressions"),
            ("core/base/text.cc", '"text.h"', "includes are written from the root of the tree"),
            ("core/base/text.cc", '"../base/text.h"', "includes are written from the root of the tree"),
            ("core/base/text.cc", "<core/base/text.h>", "own headers are included with quotes"),
        ]:
            self.assertEqual(faults_of_include(path, included), [fault], (path, included))


class Files(unittest.TestCase):
    def test_source(self):
        self.assertEqual(faults_of("core/base/x.h", "// A file.\n#pragma once\n"), [])
        self.assertEqual(faults_of("core/base/x.h", "// A file.\n"), ["a header needs #pragma once"])
        self.assertEqual(faults_of("core/base/x.cc", '#include "core/base/x.h"\n'), [])
        self.assertEqual(faults_of("core/base/x.cc", "int x;\n"), ["the first line says what the file is"])
        self.assertEqual(faults_of("core/base/x.cc", "// A file.\n" * 600), [])
        self.assertEqual(faults_of("core/base/x.cc", "// A file.\n" * 601),
                         ["601 lines; more than 600 are more than one thing"])

    def test_words(self):
        for word, meaning in check.FORBIDDEN.items():
            fault = f'"{word}": {meaning}'
            self.assertEqual(faults_of("conf/x.yaml", f"a: b  # {word} x\n"), [fault])
            self.assertEqual(faults_of("core/base/x.cc", f"// A file: {word}\n"), [fault])
            self.assertEqual(faults_of("tests/x/corpus/y.txt", word), [])

    def test_tree(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "core/base").mkdir(parents=True)
            (root / "core/base/x.cc").write_text("// A file.\n\n#include \"x.h\"\n")
            (root / "build").mkdir()
            (root / "build/y.cc").write_text("nothing\n")
            self.assertEqual(check.check_tree(root),
                             (["core/base/x.cc:3: includes are written from the root of the tree"], 1))


if __name__ == "__main__":
    unittest.main()
