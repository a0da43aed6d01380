// SPDX-License-Identifier: Apache-2.0
//
// Fixes the text of one file: object_fix.h says what each object should become, manifest_editor.h how its text has to
// change for that, and what comes of it is read again before it counts. Tested by tests/cli/fix/fixer_test.cc and
// tests/integration/fix_test.py.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "webhook/cli/scan/report.h"
#include "webhook/cli/scan/scanner.h"
#include "webhook/manifest/json_changes.h"
#include "webhook/manifest/text_edits.h"

namespace tidewaiter {

// A change that should be, and is not: pointers are from the object's root.
struct UnwrittenChange {
  JsonChange change;
  std::string reason;
};

// A workload. In the order of ScanFile::objects.
struct FixedObject {
  std::vector<JsonChange> changes;  // that are in the text
  std::vector<UnwrittenChange> unwritten;
  std::vector<TextEdit> edits;  // of the text before, sorted
};

struct FixedFile {
  ScanFile before;
  ScanFile after;  // what is left
  std::string text;
  std::vector<FixedObject> objects;  // none when `before` has problems: such a file stays as it is

  bool is_changed() const;
  // All edits of the file, sorted.
  std::vector<TextEdit> Edits() const;
};

struct FixOptions {
  bool overwrites = false;  // as in FixObject
};

class Fixer {
 public:
  // `scanner` must outlive it.
  Fixer(const Scanner& scanner, const FixOptions& options) : scanner_(scanner), options_(options) {}

  // What is promised of the new text, and looked at before it counts: every object reads as its patched self, all
  // others as they did.
  FixedFile Fix(std::string path, std::string_view text) const;

 private:
  const Scanner& scanner_;
  const FixOptions options_;
};

// Fills ScanObject::remedy_diff of `file`, which was scanned from `text`.
void AddRemedies(const Fixer& fixer, std::string_view text, ScanFile& file);

}  // namespace tidewaiter
