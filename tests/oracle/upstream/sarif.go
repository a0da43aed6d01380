// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
)

// printSarifSchema prints the JSON Schema of SARIF 2.1.0 that OASIS published, as the module ships it: as the one text
// between backquotes in its source.
func printSarifSchema() {
	file, _ := runtime.FuncForPC(reflect.ValueOf(sarif.NewReport).Pointer()).FileLine(0)
	text, err := os.ReadFile(filepath.Join(filepath.Dir(file), "schema.go"))
	check(err)
	parts := strings.Split(string(text), "`")
	if len(parts) != 3 {
		exit("the module's schema.go is not what it was")
	}
	fmt.Print(parts[1])
}
