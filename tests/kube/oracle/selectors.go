// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The label sets that every valid selector is tried on.
var labelSets = []map[string]string{
	{},
	{"app": "web"},
	{"app": "db"},
	{"app": ""},
	{"env": "prod"},
	{"app": "web", "env": "prod"},
	{"app": "web", "env": "test"},
	{"app": "Web", "env": "prod", "example.com/tier": "front"},
	{"example.com/tier": "back", "env": ""},
	{"app": "db", "env": "test", "example.com/tier": "front", "x": "1"},
}

type selectorCase struct {
	Selector metav1.LabelSelector `json:"selector"`
	Valid    bool                 `json:"valid"`
	Matches  string               `json:"matches,omitempty"` // one 0 or 1 for each label set
}

// labelSelectors writes one JSON document a line: the label sets, then the cases.
func labelSelectors(random *rand.Rand, out *bufio.Writer) {
	encode := func(value any) {
		text, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		out.Write(append(text, '\n'))
	}
	encode(labelSets)
	for _, key := range append(edgeNames(), edgeKeys()...) {
		encode(judge(metav1.LabelSelector{MatchLabels: map[string]string{key: "v"}}))
		encode(judge(expression(key, metav1.LabelSelectorOpExists)))
	}
	for _, value := range edgeNames() {
		encode(judge(metav1.LabelSelector{MatchLabels: map[string]string{"k": value}}))
		encode(judge(expression("k", metav1.LabelSelectorOpNotIn, "v", value)))
	}
	for range 1050 {
		encode(judge(randomSelector(random)))
	}
}

func judge(selector metav1.LabelSelector) selectorCase {
	compiled, err := metav1.LabelSelectorAsSelector(&selector)
	problems := validation.ValidateLabelSelector(&selector, validation.LabelSelectorValidationOptions{}, field.NewPath("s"))
	if (err == nil) != (len(problems) == 0) {
		panic("the API's validation and the matcher's disagree")
	}
	if err != nil {
		return selectorCase{Selector: selector}
	}
	matches := ""
	for _, set := range labelSets {
		if compiled.Matches(labels.Set(set)) {
			matches += "1"
		} else {
			matches += "0"
		}
	}
	return selectorCase{Selector: selector, Valid: true, Matches: matches}
}

func expression(key string, operator metav1.LabelSelectorOperator, values ...string) metav1.LabelSelector {
	return metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: key, Operator: operator, Values: values}}}
}

// Names of labels and values on both sides of each rule.
func edgeNames() []string {
	names := []string{"", " ", "a", "A", "0", "-", "_", ".", "a-", "-a", "a_", "_a", "a.", ".a", "a-_.b", "a..b", "a b", "a\tb", "a\n", "a\x00", "é", "a+b", "a:b", "a*"}
	for _, size := range []int{62, 63, 64} {
		names = append(names, strings.Repeat("n", size))
	}
	return names
}

func edgeKeys() []string {
	keys := []string{"/", "/a", "a/", "a/b", "a/b/c", "//", "A/b", "a.b/c", "a..b/c", ".a/b", "a./b", "-a/b", "a-/b", "a-b/c", "a.-b/c", "a-.b/c", "a_b/c", "1/2",
		"a/-b", "a/B", " a/b", "a /b", "a/ b", "é/b", "a/é"}
	for _, size := range []int{252, 253, 254} {
		keys = append(keys, strings.Repeat("d", size)+"/a", strings.Repeat("d.", size/2)+strings.Repeat("d", size%2+1)+"/a")
	}
	for _, size := range []int{63, 64} {
		keys = append(keys, "a/"+strings.Repeat("n", size), strings.Repeat("d", size)+"/a")
	}
	return keys
}

func randomSelector(random *rand.Rand) metav1.LabelSelector {
	key := func() string { return pick(random, "app", "app", "env", "env", "example.com/tier", "x", "absent") }
	value := func() string {
		text := pick(random, "web", "web", "db", "prod", "test", "front", "", "1")
		if random.IntN(25) == 0 {
			text = mutate(random, text, "aA0-_./ ")
		}
		return text
	}
	var selector metav1.LabelSelector
	for range pick(random, 0, 0, 1, 1, 2) {
		if selector.MatchLabels == nil {
			selector.MatchLabels = map[string]string{}
		}
		selector.MatchLabels[key()] = value()
	}
	for range pick(random, 0, 1, 1, 2, 3) {
		requirement := metav1.LabelSelectorRequirement{Key: key(), Operator: pick(random, metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn,
			metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist)}
		takesValues := requirement.Operator == metav1.LabelSelectorOpIn || requirement.Operator == metav1.LabelSelectorOpNotIn
		if takesValues != (random.IntN(15) == 0) {
			for range 1 + random.IntN(3) {
				requirement.Values = append(requirement.Values, value())
			}
		}
		if random.IntN(40) == 0 {
			requirement.Operator = pick(random, metav1.LabelSelectorOperator(""), "in", "Equals", "Gt", "notin", "Exist")
		}
		if random.IntN(40) == 0 {
			requirement.Key = mutate(random, requirement.Key, "aA0-_./ ")
		}
		selector.MatchExpressions = append(selector.MatchExpressions, requirement)
	}
	return selector
}
