// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"

	"sigs.k8s.io/yaml"
)

// manifestLine is a text and what sigs.k8s.io/yaml makes of it: JSON, or the reason why not. Keys given twice are
// refused, as we refuse them.
type manifestLine struct {
	Text  string `json:"text"`
	JSON  string `json:"json"`
	Error string `json:"error"`
}

func readManifest(text string) manifestLine {
	json, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return manifestLine{Text: text, Error: err.Error()}
	}
	return manifestLine{Text: text, JSON: string(bytes.TrimSpace(json))}
}

// trickyScalars are those that readers of YAML disagree on.
var trickyScalars = strings.Split("y|Y|yes|Yes|YES|yEs|n|N|no|No|NO|on|On|ON|oN|off|Off|OFF|true|True|TRUE|tRue|false|False|"+
	"FALSE|null|Null|NULL|nUll|~|.nan|.NaN|.inf|+.inf|-.inf|-.INF|.Inf|<<|=|0|-0|+0|00|007|08|09|0777|0o17|0O17|0x1F|0X1f|0xg|"+
	"0b101|0B11|0b2|0b-1|0b+1|-0b1|-0b-1|+0b1|-0x10|1_000|_1|1_|1__0|0x_1|9223372036854775807|9223372036854775808|"+
	"-9223372036854775808|-9223372036854775809|+9223372036854775808|18446744073709551615|18446744073709551616|1e3|1E3|1e+3|1e-3|"+
	"1e|e1|1.|.5|+.5|-.5|.|..|.e1|1.5e300|1e309|-1e309|1e-400|1.0|1.10|0.1|1e20|1e21|1e22|1e-6|1e-7|123456789.123|"+
	"0.30000000000000004|100000000000000000000|1:30|190:20:30|2001-12-14|2001-1-1|2001-12-14t21:59:43.10-05:00|"+
	"2001-12-14 21:59:43.10|2001-13-14|20011214|1.2.3|1.2.3.4|12e03|-12e-03|1_0.5|1,000|0.0|-0.0|5m|1Gi|500m|+|-1|--1|+-1|"+
	"1 2|a: b|a #b|a#b|'x'|\"x\\ty\"|\"\\u00e9\"|\"\\x41\"|\"\\/\"|''|\"\"|'it''s'|[]|{}|[1, yes, x]|{a: 1}|{a}|[a: 1]|!!str 12|!!str yes|"+
	"!!int \"12\"|!!int 0x1F|!!int x|!!int 1.5|!!float 1|!!float \"1e3\"|!!float x|!!bool yes|!!bool x|!!null x|!!null ''|!!null ~|"+
	"!!binary aGVsbG8=|!!binary aGVs\u0020|!!binary '***'|!foo 12|!!foo 12|! 12|! '12'|!!timestamp 2001-12-14|!!timestamp x|!!map {a: 1}|"+
	"!!set {a}|&a 1|*a|@a|`a|%a|- a|? a|| x|> x|é|\u00a0|a\tb|12\t|{{ .Values.x }}|\"{{ .x }}\"|#", "|")

// generateManifest makes a text that holds scalars, mappings and lists in every style, and, one time in three, one with
// some characters changed, which mostly is no YAML any more.
func generateManifest(r *rand.Rand) string {
	var text strings.Builder
	switch r.IntN(4) {
	case 0:
		fmt.Fprintf(&text, "k: %s\n", randomScalar(r))
	case 1:
		fmt.Fprintf(&text, "%s: v\n", randomScalar(r))
	default:
		writeBlock(r, &text, 0, 3)
	}
	if chance(r, 33) {
		return mutate(r, text.String())
	}
	return text.String()
}

func randomScalar(r *rand.Rand) string {
	if chance(r, 50) {
		return pick(r, trickyScalars...)
	}
	const alphabet = "0123456789012345678901+-_.eExXoObBafynT: ~"
	characters := make([]byte, 1+r.IntN(12))
	for i := range characters {
		characters[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(characters)
}

func word(r *rand.Rand) string {
	return pick(r, "name", "image", "yes", "12", "x-y", "'quoted key'", "\"double\"", "a.b/c", "on", "1.5", "null")
}

// writeBlock writes a mapping or a list whose lines begin with `indent` blanks. Keys are numbered, so that none is
// there twice.
func writeBlock(r *rand.Rand, text *strings.Builder, indent, depth int) {
	isList := depth < 3 && chance(r, 35)
	prefix := strings.Repeat(" ", indent)
	for i := range 1 + r.IntN(4) {
		if chance(r, 10) {
			fmt.Fprintf(text, "%s# %s\n", strings.Repeat(" ", r.IntN(6)), randomScalar(r))
		}
		text.WriteString(prefix)
		if isList {
			text.WriteString("-")
		} else if key := word(r); strings.HasSuffix(key, "'") || strings.HasSuffix(key, "\"") {
			fmt.Fprintf(text, "%s%d%s:", key[:len(key)-1], i, key[len(key)-1:])
		} else {
			fmt.Fprintf(text, "%s%d:", key, i)
		}
		writeValue(r, text, indent, depth, i)
	}
}

func writeValue(r *rand.Rand, text *strings.Builder, indent, depth, i int) {
	anchor := ""
	if chance(r, 12) {
		anchor = fmt.Sprintf(" &a%d", r.IntN(3))
	}
	switch n := r.IntN(20); {
	case n < 6 && depth > 0:
		text.WriteString(anchor + "\n")
		writeBlock(r, text, indent+1+r.IntN(3), depth-1)
	case n < 9:
		fmt.Fprintf(text, "%s %s\n", anchor, flow(r, depth))
	case n < 11:
		fmt.Fprintf(text, "%s %s\n", anchor, pick(r, "|", ">", "|-", ">-", "|+", ">+", "|2"))
		inner := strings.Repeat(" ", indent+2)
		for range r.IntN(4) {
			fmt.Fprintf(text, "%s%s%s\n", inner, strings.Repeat(" ", r.IntN(3)), randomScalar(r))
		}
	case n < 12:
		fmt.Fprintf(text, " *a%d\n", r.IntN(3))
	case n < 13 && depth > 0:
		// A merge between keys of its own.
		inner := "\n" + strings.Repeat(" ", indent+2)
		fmt.Fprintf(text, "%s%s<<: %s%slast: 1\n", inner+"first: 1", inner,
			pick(r, "{first: 2, last: 2}", "[{first: 3}, {first: 4, last: 4}]", "*a0", "[*a0, *a1]", "1"), inner)
	default:
		fmt.Fprintf(text, "%s %s\n", anchor, randomScalar(r))
	}
}

func flow(r *rand.Rand, depth int) string {
	if depth <= 0 || chance(r, 40) {
		return pick(r, "1", "yes", "'a'", "\"b\"", "plain", "1.5", "~", "a b")
	}
	var items []string
	isList := chance(r, 50)
	for i := range r.IntN(4) {
		if isList {
			items = append(items, flow(r, depth-1))
		} else {
			items = append(items, fmt.Sprintf("%s%d: %s", pick(r, "k", "yes", "x-"), i, flow(r, depth-1)))
		}
	}
	if joined := strings.Join(items, pick(r, ", ", ",", ",\n        ")); isList {
		return "[" + joined + "]"
	} else {
		return "{" + joined + "}"
	}
}

// mutate changes up to three characters.
func mutate(r *rand.Rand, text string) string {
	characters := []rune(text)
	for range 1 + r.IntN(3) {
		at := r.IntN(len(characters))
		with := []rune(pick(r, " ", "\t", "\n", ":", "-", "#", "'", "\"", "{", "[", "}", "]", ",", "&", "*", "!", "|", ">", "%", "@",
			"\\", "\r\n", "---\n", "...\n", "é", "\u2028", "\ufeff", "\x01"))
		rest := at + r.IntN(2)
		if chance(r, 30) {
			with, rest = nil, at+1
		}
		characters = append(characters[:at:at], append(with, characters[rest:]...)...)
		if len(characters) == 0 {
			characters = []rune{'x'}
		}
	}
	return string(characters)
}
