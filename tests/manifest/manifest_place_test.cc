// SPDX-License-Identifier: Apache-2.0
//
// From pointers to lines and columns.
#include "webhook/manifest/manifest_place.h"

#include <gtest/gtest.h>

#include "webhook/kube/text.h"
#include "webhook/manifest/manifest_reader.h"

namespace tidewaiter {
namespace {

constexpr std::string_view kDeployment = R"(# a comment
kind: Deployment
spec:
  template:
    spec:
      hostNetwork: true
      securityContext:
      containers:
        - name: web
          image: "web:1"
          securityContext: {runAsUser: 0}
        -
          name: other
          ports:
          - containerPort: 80
            hostPort: 80
      volumes: []
      x/y~z: 1
base: &base {privileged: true}
alias: *base
merged:
  <<: *base
  own: 1
é: {ö: 1}
)";

TEST(ManifestPlaceTest, Pointers) {
  struct Case {
    std::string_view pointer;
    std::string_view place;  // LINE:COLUMN-COLUMN MISSING
  };
  const Case cases[] = {
      {"", "2:1-17 "},
      {"/spec/template/spec/hostNetwork", "6:7-24 "},
      {"/spec/template/spec/hostPID", "5:5-9 /hostPID"},
      {"/spec/template/spec/securityContext/runAsNonRoot", "7:7-22 /runAsNonRoot"},
      {"/spec/template/spec/containers/0", "9:11-20 "},
      {"/spec/template/spec/containers/0/image", "10:11-25 "},
      {"/spec/template/spec/containers/0/resources/limits/cpu", "9:11-20 /resources/limits/cpu"},
      {"/spec/template/spec/containers/0/securityContext/runAsUser", "11:29-41 "},
      {"/spec/template/spec/containers/0/securityContext/privileged", "11:11-42 /privileged"},
      {"/spec/template/spec/containers/1/ports/0/hostPort", "16:13-25 "},
      {"/spec/template/spec/containers/7/image", "8:7-17 /7/image"},
      {"/spec/template/spec/containers/x", "8:7-17 /x"},
      {"/spec/template/spec/volumes/0", "17:7-18 /0"},
      {"/spec/template/spec/x~1y~0z", "18:7-15 "},
      {"/alias/privileged", "19:14-30 "},
      {"/alias/other", "20:1-13 /other"},
      {"/merged/privileged", "19:14-30 "},
      {"/merged/own", "23:3-9 "},
      {"/é/ö", "24:5-9 "},
      {"/metadata/labels/app", "2:1-17 /metadata/labels/app"},
  };
  ManifestReader reader(kDeployment);
  ASSERT_EQ(reader.Next(), ManifestReader::Step::kDocument);
  for (const Case& test : cases) {
    const ManifestPlace place = FindPlace(reader.document(), reader.document().root(), test.pointer);
    EXPECT_EQ(place.begin.line, place.end.line) << test.pointer;
    EXPECT_EQ(StrCat(place.begin.line, ":", place.begin.column, "-", place.end.column, " ", place.missing), test.place)
        << test.pointer;
  }
}

TEST(ManifestPlaceTest, Json) {
  ManifestReader reader("{\n  \"spec\": {\"containers\": [\n    {\"name\": \"web\",\n     \"image\": \"x\"}]}}", true);
  ASSERT_EQ(reader.Next(), ManifestReader::Step::kDocument);
  const ManifestPlace image = FindPlace(reader.document(), 0, "/spec/containers/0/image");
  EXPECT_EQ(image.begin, (SourceMark{4, 6}));
  EXPECT_EQ(image.end, (SourceMark{4, 18}));
  const ManifestPlace missing = FindPlace(reader.document(), 0, "/spec/containers/0/resources");
  EXPECT_EQ(missing.begin, (SourceMark{3, 5}));
  EXPECT_EQ(missing.missing, "/resources");
}

}  // namespace
}  // namespace tidewaiter
