// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	_ "crypto/sha256" // go-digest knows an algorithm only when it is linked, as it is in every runtime
	_ "crypto/sha512"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/distribution/reference"
)

// imageReferences writes "TEXT DOMAIN PATH TAG DIGEST" lines, separated by tabs, or "TEXT invalid". No tag or digest is
// an empty field. Upstream's String of the same reference is asserted to be what these parts make.
func imageReferences(random *rand.Rand, out *bufio.Writer) {
	hex := strings.Repeat("0123456789abcdef", 8)
	texts := []string{
		"", "/", ":", "@", "nginx", "nginx:", "nginx@", "nginx:latest", "Nginx", "nginx:LATEST", "library/nginx", "docker.io/nginx",
		"docker.io/library/nginx", "index.docker.io/nginx", "index.docker.io/a/b", "index.docker.io:443/nginx", "INDEX.docker.io/nginx",
		"Docker.io/nginx", "docker.io", "docker.io/", "localhost", "localhost/", "localhost/a", "localhost:5000", "localhost:5000/a",
		"localhost:5000/a:b", "LOCALHOST/a", "Foo/bar", "Foo_x/bar", "foo/Bar", "a/b/c/d", "a.b/c", "a_b.c/d", "a_b.c/d/e:f", "a__b.c/d", "a___b.c/d",
		"a-.b/c", "a.-b/c", "a..b/c", ".a/b", "a./b", "a.b-/c", "a--b.c/d", "a_b:80/c", "a:80/c", "a:/c", "a:80x/c", "a:99999999999999999999/c",
		"127.0.0.1/a", "127.0.0.1:80/a", "[::1]/a", "[::1]:80/a", "[::1]:80/a:b", "[::1]:/a", "[]/a", "[]:80/a", "[]:/a", "[].b/a", "[:]/a", "[::g]/a", "[ABC]/a", "[abc]/a",
		"[::1%eth0]/a", "[::ffff:1.2.3.4]/a", "[::1/a", "::1]/a", "[::1]a/b", "a//b", "a/", "a/b/", "a/-b", "a/b-", "a/_b", "a/b_", "a/b__c", "a/b___c",
		"a/b----c", "a/b._c", "a/b.-c", "a/b..c", "a/b.c", "a:b:c", "a@b", "a:b@c", "a:b@", "a@sha256:", "a@:" + hex[:64], "a@sha256:" + hex[:64],
		"a@sha256:" + hex[:63], "a@sha256:" + hex[:65], "a@sha384:" + hex[:96], "a@sha384:" + hex[:64], "a@sha512:" + hex, "a@sha512:" + hex[:64],
		"a@md5:" + hex[:32], "a@SHA256:" + hex[:64], "a@Sha256:" + hex[:64], "a@sha256:" + strings.ToUpper(hex[:64]), "a@sha256+b64:" + hex[:64],
		"a@sha256:" + hex[:64] + "@sha256:" + hex[:64], "a:b@sha256:" + hex[:64], "a@sha256:" + hex[:64] + ":b", "a:@sha256:" + hex[:64], "@sha256:" + hex[:64],
		"sha256:" + hex[:64], hex[:64], hex[:63], hex[:64] + "0", strings.ToUpper(hex[:64]), hex[:64] + ":tag", "docker.io/" + hex[:64], "a/" + hex[:64],
		"a@sha256:" + hex[:63] + "g", "a:" + strings.Repeat("t", 128), "a:" + strings.Repeat("t", 129), "a:.b", "a:-b", "a:_b", "a:b.-_", "a:b+c",
		strings.Repeat("a", 247), strings.Repeat("a", 248), "x.y/" + strings.Repeat("a", 255), "x.y/" + strings.Repeat("a", 256),
		strings.Repeat("d", 300) + ".y/a", "a/" + strings.Repeat("b", 253), "a/" + strings.Repeat("b", 254), "x_y.z/" + strings.Repeat("b", 249),
		"x_y.z/" + strings.Repeat("b", 250), "docker.io/" + strings.Repeat("a", 248), "https://a.b/c", " nginx", "nginx ", "ngi nx", "nginx\n", "nginx:a\n",
		"nginx\x00", "ngi\xffnx", "é", "É", "a/é", "a.é/b", "a:é", "İ/a", "K/a", "a/K", "a.b/c@d/e", "a@b/c", "a:b/c", "a:b/c:d", "a@sha256:b/c", "a?b", "a*b", "a#b", "a\\b", "a%b",
	}
	for range 2300 {
		texts = append(texts, randomReference(random, hex))
	}
	for range 1500 {
		texts = append(texts, mutate(random, randomReference(random, hex), "abzAZ09..--__::@//[] fg"))
	}
	for _, text := range texts {
		named, err := reference.ParseNormalizedNamed(text)
		if err != nil {
			fmt.Fprintf(out, "%s\tinvalid\n", escape(text))
			continue
		}
		tag, digest := "", ""
		whole := named.Name()
		if tagged, ok := named.(reference.Tagged); ok {
			tag = tagged.Tag()
			whole += ":" + tag
		}
		if digested, ok := named.(reference.Digested); ok {
			digest = digested.Digest().String()
			whole += "@" + digest
		}
		if named.String() != whole {
			panic("parts of " + text)
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", escape(text), reference.Domain(named), reference.Path(named), tag, digest)
	}
}

func randomReference(random *rand.Rand, hex string) string {
	word := func() string {
		return pick(random, "a", "b0", "app", "x1y2", "team") +
			pick(random, "", "", "", "c", "v2", "-c", ".c", "_c", "__c", "--c", "---v2", pick(random, "..c", "_-c", "___c", "-", "."))
	}
	text := pick(random, "", "", "docker.io/", "index.docker.io/", "localhost/", "Host/", "r.example/", "R.Example/", "my-r.example/", "my_r.example/",
		"10.0.0.1/", "[fd00::1]/", "r.example:5000/", "localhost:5000/", "[fd00::1]:5000/", "r:5000/", "r-.example/", "library/")
	text += word()
	for range pick(random, 0, 0, 0, 1, 2) {
		text += "/" + word()
	}
	if random.IntN(3) > 0 {
		text += ":" + pick(random, "latest", "1.27", "v1.2.3-rc.1", "_x", "A-b", "5000", "5000", pick(random, ".x", "a+b"))
	}
	if random.IntN(6) == 0 {
		at := random.IntN(16)
		switch size := pick(random, 64, 64, 64, 64, 96, 128, 63); size {
		case 96:
			text += "@" + pick(random, "sha384:", "sha384:", "sha256:") + (hex + hex)[at:at+size]
		case 128:
			text += "@" + pick(random, "sha512:", "sha512:", "sha384:") + (hex + hex)[at:at+size]
		default:
			text += "@" + pick(random, "sha256:", "sha256:", "sha256:", "sha512:", "blake3:") + (hex + hex)[at:at+size]
		}
	}
	return text
}
