// SPDX-License-Identifier: Apache-2.0
//
// By what stands in double braces, and by the neighbours of the file.
#include "webhook/cli/scan/templating.h"

#include <algorithm>
#include <filesystem>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

namespace fs = std::filesystem;

bool Exists(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// Calls `visit` with what stands in each pair of double braces, until it says true.
template <typename Visit>
bool AnyAction(std::string_view text, Visit visit) {
  for (std::size_t begin = text.find("{{"); begin != std::string_view::npos; begin = text.find("{{", begin + 2)) {
    const std::size_t end = text.find("}}", begin);
    if (end == std::string_view::npos) return false;
    if (visit(text.substr(begin + 2, end - begin - 2))) return true;
  }
  return false;
}

// What only Helm knows, and not the Go templates of Argo, Prometheus or Grafana that manifests hold as texts.
bool IsHelmOnly(std::string_view action) {
  for (const std::string_view word :
       {".Values", ".Release", ".Chart", ".Capabilities", ".Template.", "include ", "tpl "}) {
    if (action.find(word) != std::string_view::npos) return true;
  }
  return false;
}

// The folder of the chart that the file belongs to, or "".
std::string FindChart(const fs::path& file) {
  fs::path folder = file.parent_path();
  for (int levels = 0; levels < 8; ++levels) {
    if (Exists(folder / "Chart.yaml")) return folder.empty() ? "." : folder.string();
    if (folder.empty() || folder == folder.parent_path()) break;
    folder = folder.parent_path();
  }
  return {};
}

}  // namespace

bool HoldsHelmTemplate(std::string_view text) { return AnyAction(text, IsHelmOnly); }

void ExplainTemplates(std::string_view text, ScanFile& file) {
  const fs::path path = file.path == "-" ? fs::path() : fs::path(file.path);
  const std::string chart = path.empty() ? "" : FindChart(path);
  const bool is_template = HoldsHelmTemplate(text) || (!chart.empty() && AnyAction(text, [](auto) { return true; }));
  if (is_template) {
    const std::string command = chart.empty() ? std::string(kHelmAdvice)
                                              : StrCat("a Helm template that was not rendered: run `helm template ",
                                                       chart, " | tidewaiter scan -`");
    file.problems = {{file.problems.front().place, command}};
    file.objects.clear();  // only a part of what comes of it
    return;
  }
  for (const std::string_view name : {"kustomization.yaml", "kustomization.yml", "Kustomization"}) {
    if (path.empty() || !Exists(path.parent_path() / name)) continue;
    const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
    for (ScanProblem& problem : file.problems) {
      StrAppend(&problem.message, " (a patch of Kustomize? then run `kustomize build ", folder,
                " | tidewaiter scan -`)");
    }
    return;
  }
}

}  // namespace tidewaiter
