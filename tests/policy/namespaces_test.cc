// SPDX-License-Identifier: Apache-2.0
//
// Namespaces from files.
#include "webhook/policy/namespaces.h"

#include <gtest/gtest.h>

#include "webhook/kube/text.h"

namespace tidewaiter {
namespace {

TEST(NamespacesTest, ReadsWhatKubectlPrints) {
  const char* const kTexts[] = {
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {env: prod}}\n---\n"
      "kind: Namespace\nmetadata: {name: bare}\n",
      "apiVersion: v1\nkind: List\nitems:\n- kind: Namespace\n  metadata:\n    name: shop\n    labels:\n      env: "
      "prod\n"
      "- kind: Namespace\n  metadata:\n    name: bare\n",
      R"({"kind": "NamespaceList", "items": [{"kind": "Namespace", "metadata": {"name": "shop", "labels":
          {"env": "prod"}}}, {"kind": "Namespace", "metadata": {"name": "bare", "labels": null}}]})",
  };
  for (const char* text : kTexts) {
    const auto namespaces = FixedNamespaces::Parse(text, "n.yaml");
    ASSERT_TRUE(namespaces.ok()) << namespaces.status();
    EXPECT_EQ((*namespaces)->size(), 2u);
    const Labels expected = {{"env", "prod"}, {"kubernetes.io/metadata.name", "shop"}};
    EXPECT_EQ(*(*namespaces)->FindLabels("shop"), expected);
    EXPECT_EQ((*namespaces)->FindLabels("bare")->size(), 1u);
    EXPECT_EQ((*namespaces)->FindLabels("other"), nullptr);
  }
}

TEST(NamespacesTest, Refuses) {
  const std::pair<const char*, const char*> rows[] = {
      {"[]", "n.yaml:1:1: expected a Namespace object, found list"},
      {"kind: Pod\nmetadata: {name: a}", "n.yaml:1:1: expected kind: Namespace"},
      {"kind: Namespace\nmetadata: {}", "n.yaml:1:1: key \"metadata.name\" is missing"},
      {"items: 1", "n.yaml:1:8: items: expected a list, found integer \"1\""},
      {"kind: Namespace\nmetadata: {name: a, labels: {env: 1}}",
       "n.yaml:2:35: metadata.labels.env: expected a string, found integer \"1\"; put it in quotes"},
  };
  for (const auto& [text, message] : rows) {
    EXPECT_EQ(MessageOf(FixedNamespaces::Parse(text, "n.yaml").status()), message) << text;
  }
}

}  // namespace
}  // namespace tidewaiter
