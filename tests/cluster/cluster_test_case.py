# SPDX-License-Identifier: Apache-2.0
"""The base of the tests beside it: one control plane for all tests of a class, its logs shown when a test fails."""

import unittest

from control_plane import ControlPlane, pods_path


class ClusterTestCase(unittest.TestCase):
    """`set_up_cluster` makes what a class needs in its cluster, `cls.cluster`; `apiserver_flags` are further flags of its
    API server."""

    maxDiff = None

    @classmethod
    def set_up_cluster(cls):
        pass

    @classmethod
    def apiserver_flags(cls, control_plane):
        return []

    @classmethod
    def setUpClass(cls):
        cls.failed = False
        cls.cluster = ControlPlane(apiserver_flags=cls.apiserver_flags)
        cls.addClassCleanup(cls.cluster.stop)
        try:
            cls.set_up_cluster()
        except BaseException:
            cls.cluster.print_logs()
            raise

    @classmethod
    def tearDownClass(cls):
        if cls.failed:
            cls.cluster.print_logs()

    def run(self, result=None):
        result = result or self.defaultTestResult()
        bad_before = len(result.failures) + len(result.errors)
        super().run(result)
        type(self).failed |= len(result.failures) + len(result.errors) > bad_before
        return result

    def dry_run(self, namespace, pod):
        """What the API server makes of a Pod without keeping it: (status, the Pod or why not)."""
        return self.cluster.api("POST", pods_path(namespace, dry_run=True), pod)
