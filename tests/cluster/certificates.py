# SPDX-License-Identifier: Apache-2.0
"""A certificate authority for tests, in a folder, through the openssl command. Used by control_plane.py."""

import subprocess


def _openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]} ended with {done.returncode}: {done.stderr}")


class Authority:
    """Writes NAME.crt and NAME.key files to `folder`; its own are ca.crt and ca.key."""

    def __init__(self, folder):
        self.folder = folder
        self.certificate = folder / "ca.crt"
        self._request("ca", "/CN=test-ca", "-addext", "keyUsage=critical,keyCertSign,digitalSignature")

    def _request(self, name, subject, *more):
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "365",
                 "-subj", subject, "-keyout", self.folder / f"{name}.key", "-out", self.folder / f"{name}.crt", *more)
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"

    def _issue(self, name, subject, usage, *more):
        return self._request(name, subject, "-CA", self.certificate, "-CAkey", self.folder / "ca.key", "-addext",
                             "basicConstraints=critical,CA:FALSE", "-addext", f"extendedKeyUsage={usage}", *more)

    def issue_server(self, name, *hosts):
        """For these names: `IP:127.0.0.1`, `DNS:localhost`. Returns the paths of certificate and key."""
        return self._issue(name, f"/CN={name}", "serverAuth", "-addext", f"subjectAltName={','.join(hosts)}")

    def issue_client(self, name, user, *groups):
        """For this user, as Kubernetes reads client certificates. Returns the paths of certificate and key."""
        return self._issue(name, "".join(f"/O={group}" for group in groups) + f"/CN={user}", "clientAuth")

    def make_key_pair(self, name):
        """Without a certificate. Returns the paths of the public and of the private key."""
        public, private = self.folder / f"{name}.pub", self.folder / f"{name}.key"
        _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", private)
        _openssl("pkey", "-in", private, "-pubout", "-out", public)
        return public, private
