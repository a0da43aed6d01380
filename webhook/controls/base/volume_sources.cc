// SPDX-License-Identifier: Apache-2.0
//
// The names, sorted.
#include "webhook/controls/base/volume_sources.h"

namespace tidewaiter {

const std::vector<std::string_view>& VolumeSourceNames() {
  static const std::vector<std::string_view> names = {"awsElasticBlockStore",
                                                      "azureDisk",
                                                      "azureFile",
                                                      "cephfs",
                                                      "cinder",
                                                      "configMap",
                                                      "csi",
                                                      "downwardAPI",
                                                      "emptyDir",
                                                      "ephemeral",
                                                      "fc",
                                                      "flexVolume",
                                                      "flocker",
                                                      "gcePersistentDisk",
                                                      "gitRepo",
                                                      "glusterfs",
                                                      "hostPath",
                                                      "image",
                                                      "iscsi",
                                                      "nfs",
                                                      "persistentVolumeClaim",
                                                      "photonPersistentDisk",
                                                      "portworxVolume",
                                                      "projected",
                                                      "quobyte",
                                                      "rbd",
                                                      "scaleIO",
                                                      "secret",
                                                      "storageos",
                                                      "vsphereVolume"};
  return names;
}

}  // namespace tidewaiter
