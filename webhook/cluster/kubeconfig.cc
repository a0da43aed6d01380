// SPDX-License-Identifier: Apache-2.0
//
// Context, then its cluster, then its user; each names the place in the file when something is wrong.
#include "webhook/cluster/kubeconfig.h"

#include <filesystem>
#include <utility>

#include "absl/strings/escaping.h"
#include "webhook/kube/quoted.h"
#include "webhook/kube/text.h"
#include "webhook/policy/text_file.h"
#include "webhook/policy/yaml_document.h"

namespace tidewaiter {
namespace {

using Kind = DocumentNode::Kind;

// The text under a key; "" when absent, null or empty.
absl::Status ReadText(const DocumentNode& parent, std::string_view key, std::string& out) {
  const DocumentNode* node = parent.Find(key);
  if (node == nullptr || node->kind == Kind::kNull) return absl::OkStatus();
  if (node->kind == Kind::kSequence || node->kind == Kind::kMapping) return node->Error("expected a string");
  out = node->text;
  return absl::OkStatus();
}

absl::Status ReadFlag(const DocumentNode& parent, std::string_view key, bool& out) {
  const DocumentNode* node = parent.Find(key);
  if (node == nullptr || node->kind == Kind::kNull) return absl::OkStatus();
  if (node->kind != Kind::kBoolean) return node->Error("expected a boolean");
  out = node->text == "true";
  return absl::OkStatus();
}

std::string ResolvePath(const DocumentNode& node, const std::string& path) {
  const std::filesystem::path given(path);
  return given.is_absolute() ? path : (std::filesystem::path(*node.file).parent_path() / given).string();
}

// `KEY` is a file, `KEY-data` the same in base64, which goes first.
absl::Status ReadPem(const DocumentNode& parent, const std::string& key, PemSource& out) {
  std::string data;
  if (absl::Status status = ReadText(parent, key + "-data", data); !status.ok()) return status;
  if (!data.empty()) {
    const DocumentNode& node = *parent.Find(key + "-data");
    if (!absl::Base64Unescape(data, &out.text)) return node.Error("is not base64");
    const auto pem = out.Read();
    return pem.ok() ? absl::OkStatus() : node.Error(MessageOf(pem.status()));
  }
  std::string file;
  if (absl::Status status = ReadText(parent, key, file); !status.ok() || file.empty()) return status;
  const DocumentNode& node = *parent.Find(key);
  out.file = ResolvePath(node, file);
  const auto pem = out.Read();
  return pem.ok() ? absl::OkStatus() : node.Error(MessageOf(pem.status()));
}

// Refuses the keys that would change who we are or how we connect, and that this client does not do.
absl::Status RefuseKeys(const DocumentNode& parent,
                        std::initializer_list<std::pair<std::string_view, std::string_view>> keys) {
  for (const auto& [key, advice] : keys) {
    const DocumentNode* node = parent.Find(key);
    if (node != nullptr && node->kind != Kind::kNull) return node->Error(StrCat("is not supported: ", advice));
  }
  return absl::OkStatus();
}

// The mapping under `kind` of the entry with that name in the list `list`.
absl::StatusOr<const DocumentNode*> FindEntry(const DocumentNode& root, std::string_view list, std::string_view kind,
                                              const DocumentNode& asker, std::string_view name) {
  const DocumentNode* entries = root.Find(list);
  if (entries != nullptr && entries->kind != Kind::kSequence && entries->kind != Kind::kNull) {
    return entries->Error("expected a list");
  }
  if (entries != nullptr) {
    for (const DocumentNode& entry : entries->items) {
      const DocumentNode* entry_name = entry.Find("name");
      if (entry_name == nullptr || entry_name->text != name) continue;
      const DocumentNode* value = entry.Find(kind);
      if (value == nullptr || value->kind != Kind::kMapping)
        return entry.Error(StrCat("key \"", kind, "\" is missing"));
      return value;
    }
  }
  return asker.Error(StrCat("no entry of ", list, " is named ", Quoted(name)));
}

absl::Status ReadCluster(const DocumentNode& cluster, ClusterConfig& config) {
  if (absl::Status status = RefuseKeys(cluster, {{"proxy-url", "this client connects directly"}}); !status.ok()) {
    return status;
  }
  std::string server;
  if (absl::Status status = ReadText(cluster, "server", server); !status.ok()) return status;
  if (server.empty()) return cluster.Error("key \"server\" is missing");
  if (absl::Status status = config.SetServer(server); !status.ok()) {
    return cluster.Find("server")->Error(MessageOf(status));
  }
  for (const absl::Status& status : {ReadPem(cluster, "certificate-authority", config.ca),
                                     ReadFlag(cluster, "insecure-skip-tls-verify", config.skip_tls_verify),
                                     ReadText(cluster, "tls-server-name", config.tls_server_name)}) {
    if (!status.ok()) return status;
  }
  if (config.skip_tls_verify && !config.ca.is_empty()) {
    return cluster.Find("insecure-skip-tls-verify")->Error("contradicts certificate-authority: remove one of them");
  }
  return absl::OkStatus();
}

absl::Status ReadUser(const DocumentNode& user, ClusterConfig& config) {
  constexpr std::string_view kUseToken = "use a token, a tokenFile or a client certificate";
  std::string token_file;
  for (const absl::Status& status : {RefuseKeys(user, {{"exec", kUseToken},
                                                       {"auth-provider", kUseToken},
                                                       {"username", kUseToken},
                                                       {"as", "impersonation"},
                                                       {"as-uid", "impersonation"},
                                                       {"as-groups", "impersonation"},
                                                       {"as-user-extra", "impersonation"}}),
                                     ReadText(user, "token", config.token), ReadText(user, "tokenFile", token_file),
                                     ReadPem(user, "client-certificate", config.client_certificate),
                                     ReadPem(user, "client-key", config.client_key)}) {
    if (!status.ok()) return status;
  }
  if (!token_file.empty()) {
    const DocumentNode& node = *user.Find("tokenFile");
    config.token_file = ResolvePath(node, token_file);
    const auto token = ReadTextFile(config.token_file, 1u << 20);
    if (!token.ok() && config.token.empty()) return node.Error(MessageOf(token.status()));
  }
  if (config.client_certificate.is_empty() != config.client_key.is_empty()) {
    return user.Error("client-certificate and client-key must be given together");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ClusterConfig> LoadKubeconfig(const std::string& path, std::string_view context) {
  const absl::StatusOr<std::string> text = ReadTextFile(path, kMaxDocumentBytes);
  if (!text.ok()) return text.status();
  const absl::StatusOr<std::vector<DocumentNode>> documents = ParseYaml(*text, path);
  if (!documents.ok()) return documents.status();
  if (documents->size() != 1)
    return InvalidArgument(StrCat(path, ": expected one document, found ", documents->size()));
  const DocumentNode& root = documents->front();
  if (root.kind != Kind::kMapping) return root.Error("expected a mapping");
  std::string name(context);
  const DocumentNode* asker = &root;
  if (name.empty()) {
    if (absl::Status status = ReadText(root, "current-context", name); !status.ok()) return status;
    if (name.empty()) return root.Error("key \"current-context\" is missing, and no context was named");
    asker = root.Find("current-context");
  }
  const auto chosen = FindEntry(root, "contexts", "context", *asker, name);
  if (!chosen.ok()) return chosen.status();
  ClusterConfig config;
  for (const std::string_view part : {"cluster", "user"}) {
    std::string part_name;
    if (absl::Status status = ReadText(**chosen, part, part_name); !status.ok()) return status;
    if (part_name.empty()) return (*chosen)->Error(StrCat("key \"", part, "\" is missing"));
    const auto entry = FindEntry(root, StrCat(part, "s"), part, *(*chosen)->Find(part), part_name);
    if (!entry.ok()) return entry.status();
    const absl::Status status = part == "cluster" ? ReadCluster(**entry, config) : ReadUser(**entry, config);
    if (!status.ok()) return status;
  }
  std::string namespace_name;
  if (absl::Status status = ReadText(**chosen, "namespace", namespace_name); !status.ok()) return status;
  if (!namespace_name.empty()) config.namespace_name = namespace_name;
  return config;
}

}  // namespace tidewaiter
