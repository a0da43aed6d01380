// SPDX-License-Identifier: Apache-2.0

// Command oracle writes the tables in ../testdata: inputs, and what Kubernetes' and distribution's own Go modules make
// of them. The C++ tests read only the tables; run `go run . ../testdata` here to write them anew after a version bump
// in go.mod. The inputs come from fixed seeds, so the same modules give the same files.
package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: oracle DIRECTORY")
		os.Exit(2)
	}
	write("quantities.txt", quantities)
	write("image_references.txt", imageReferences)
	write("label_selectors.jsonl", labelSelectors)
}

func write(name string, table func(*rand.Rand, *bufio.Writer)) {
	file, err := os.Create(filepath.Join(os.Args[1], name))
	if err != nil {
		panic(err)
	}
	out := bufio.NewWriter(file)
	table(rand.New(rand.NewPCG(1, uint64(len(name)))), out)
	if err := out.Flush(); err != nil {
		panic(err)
	}
	if err := file.Close(); err != nil {
		panic(err)
	}
}

// pick returns one of the choices.
func pick[T any](random *rand.Rand, choices ...T) T { return choices[random.IntN(len(choices))] }

// mutate changes up to three bytes of text, taking new ones from alphabet.
func mutate(random *rand.Rand, text, alphabet string) string {
	bytes := []byte(text)
	for range 1 + random.IntN(3) {
		at := random.IntN(len(bytes) + 1)
		letter := alphabet[random.IntN(len(alphabet))]
		switch {
		case at == len(bytes) || random.IntN(3) == 0:
			bytes = append(bytes[:at], append([]byte{letter}, bytes[at:]...)...)
		case random.IntN(2) == 0:
			bytes = append(bytes[:at], bytes[at+1:]...)
		default:
			bytes[at] = letter
		}
	}
	return string(bytes)
}

// escape writes every byte but printable ASCII, and the backslash, as three octal digits.
func escape(text string) string {
	var out strings.Builder
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c > 0x7e || c == '\\' {
			fmt.Fprintf(&out, "\\%03o", c)
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}
