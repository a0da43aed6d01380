// SPDX-License-Identifier: Apache-2.0
//
// `tidewaiter metrics`: what GET /metrics shows, as a list or as the Markdown of docs/metrics.md.
// Tested by tests/integration/docs_test.py; ./dev lint compares docs/metrics.md.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iomanip>
#include <iostream>

#include "webhook/cli/command_line.h"
#include "webhook/kube/text.h"
#include "webhook/server/metric_catalog.h"

namespace tidewaiter {
namespace {

void PrintMetrics(std::ostream& out) {
  std::size_t width = 0;
  for (const MetricInfo& info : AllMetrics()) width = std::max(width, info.name.size());
  for (const MetricInfo& info : AllMetrics()) {
    out << std::left << std::setw(static_cast<int>(width) + 2) << info.name << info.help << "\n";
  }
}

std::string QuotedList(const std::vector<std::string_view>& values) {
  std::string text;
  for (const std::string_view value : values) StrAppend(&text, text.empty() ? "" : ", ", "`", value, "`");
  return text;
}

void PrintMetric(const MetricInfo& info, std::ostream& out) {
  out << "\n## " << info.name << "\n\n" << info.help << "\n\n- Type: " << MetricTypeName(info.type) << "\n";
  if (!info.condition.empty()) out << "- There only: " << info.condition << "\n";
  for (const MetricLabel& label : info.labels) {
    out << "- `" << label.name
        << "`: " << (label.values.empty() ? std::string(label.meaning) : QuotedList(label.values)) << "\n";
  }
}

void PrintMetricsMarkdown(std::ostream& out) {
  out << "# Metrics\n\nWritten by `tidewaiter metrics --markdown`; do not edit.\n\n"
         "`GET /metrics` on the operations port (8080), in Prometheus' text format. Values of labels come from closed "
         "sets, or from the policies that the operator wrote: never from a workload, so no user can make more "
         "series.\n\n| Metric | Type | Labels | Meaning |\n| --- | --- | --- | --- |\n";
  for (const MetricInfo& info : AllMetrics()) {
    std::vector<std::string_view> names;
    for (const MetricLabel& label : info.labels) names.push_back(label.name);
    out << "| [" << info.name << "](#" << info.name << ") | " << MetricTypeName(info.type) << " | " << QuotedList(names)
        << " | " << info.help << " |\n";
  }
  for (const MetricInfo& info : AllMetrics()) PrintMetric(info, out);
}

}  // namespace

void AddMetricsCommand(CLI::App& app, CommandContext& context) {
  CLI::App* command = app.add_subcommand("metrics", "List what GET /metrics shows");
  const auto is_markdown = std::make_shared<bool>(false);
  command->add_flag("--markdown", *is_markdown, "With the values of labels, as Markdown");
  command->callback([is_markdown, &context] {
    *is_markdown ? PrintMetricsMarkdown(context.streams.out) : PrintMetrics(context.streams.out);
  });
}

}  // namespace tidewaiter
