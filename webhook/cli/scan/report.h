// SPDX-License-Identifier: Apache-2.0
//
// What came of a scan, as plain values: scanner.h fills them, each format of formats.h prints them. Made while the
// documents are read, so that no text has to be kept. Tested by tests/integration/scan_test.py.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "webhook/controls/base/finding.h"
#include "webhook/controls/base/mode.h"
#include "webhook/manifest/manifest_document.h"

namespace tidewaiter {

// A finding and its place in the file. The view is of the policy set that judged, which must outlive it.
struct ScanFinding {
  std::string_view policy;
  Mode mode = Mode::kEnforce;
  std::shared_ptr<const Finding> finding;  // never null
  // The offending field, or the deepest one that exists above the place where it belongs; both on one line.
  SourceMark begin;
  SourceMark end;
  bool is_missing = false;  // the field is not there
  std::string source;       // the line as it was written

  bool denies() const { return mode == Mode::kEnforce; }
};

// A workload that was judged.
struct ScanObject {
  std::string group;
  std::string kind;
  std::string namespace_name;
  std::string name;  // generateName ends in `*`
  SourceMark place;
  std::vector<ScanFinding> findings;  // as a reader comes upon them
  std::vector<std::string> notes;     // that are about no field: the image may not run as the user that is injected
  std::size_t exempt_findings = 0;
  std::string remedy_diff = {};  // what `fix` would write, as hunks of a unified diff; only where a format shows it

  bool is_denied() const;
  // `Deployment shop/web`.
  std::string Title() const;
};

// Something that could not be judged. Line 0: the file as a whole.
struct ScanProblem {
  SourceMark place;
  std::string message;
};

struct ScanFile {
  std::string path;  // as given; "-" is standard input
  std::vector<ScanObject> objects;
  std::vector<ScanProblem> problems;
  std::size_t passed_over = 0;  // objects that hold no pod template
  // Kinds of custom resources that seem to hold one, `Rollout.argoproj.io`, but of which no policy tells.
  std::vector<std::string> untold_kinds;

  // `FILE:LINE:COLUMN`.
  std::string PlaceText(SourceMark place) const;
};

struct ScanReport {
  std::vector<ScanFile> files;
  std::size_t owned = 0;  // of a cluster: made by workloads that were judged themselves

  struct Counts {
    std::size_t files = 0;                         // that held a workload
    std::size_t workloads = 0;                     // judged
    std::size_t denied = 0;                        // workloads that would be denied
    std::size_t enforce = 0, warn = 0, audit = 0;  // findings by mode
    std::size_t exempt = 0;
    std::size_t passed_over = 0;
    std::size_t problems = 0;
    std::size_t owned = 0;

    std::size_t findings() const { return enforce + warn + audit; }
  };
  Counts Count() const;
};

// The severity that linters call what a mode does: "error", "warning", "note".
std::string_view SeverityOf(Mode mode);

}  // namespace tidewaiter
