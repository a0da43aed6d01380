// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Exponents that make Kubernetes' arithmetic overflow or run for minutes; the C++ test has its own cases for them.
var absurdExponent = regexp.MustCompile(`[eE][-+]?0*[1-9][0-9]{3,18}$`)

var maxNanos = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 127), big.NewInt(1))

// quantities writes lines of fields separated by tabs: "value TEXT NANOS" (or "invalid"), "compare TEXT TEXT -1|0|1", and
// "ratio NUMERATOR DENOMINATOR RATIO true|false" for whether numerator > denominator * ratio.
func quantities(random *rand.Rand, out *bufio.Writer) {
	texts := []string{
		"", "0", "-", "+", ".", "-.", "+.5", "-0", "00", "1.", ".5", ".k", "k", "-k", "Ki", ".Ki", "Mi", "Gi", "Ti", ".Ti", "Pi", ".Pi", "-Ei", "0Pi", "0.Ei", "n", "u", "e5", "e-9", "e-10", "-e-10",
		"0e-20", ".e-20", ".0e-20", "1..2", "1.2.3", "1 ", " 1", "1 k", "1K", "1ki", "1KI", "1kI", "1Mo", "1mi", "1Ui", "1i", "1e", "1E",
		"1e+", "1e-", "1e+3", "1e-3", "1E3", "1E+3", "1Ee3", "1eE", "1e3k", "1k3", "1e1.5", "1-5", "+-1", "--1", "1e99999999999999999999",
		"1e0000000000000000000000003", "1e-0", "0x10", "1_000", "1,5", "Inf", "NaN", "1e3\n", "1\x00", "\x001", "1\xff", "é", "1µ",
		"9223372036854775807", "9223372036854775808", "-9223372036854775808", "9223372036854775807Ki", "8Ei", "7.999999999999999999999Ei",
		"9007199254740991Ki", "9007199254740992Ki", "-8Ei", "9.0Ei", "100Ei", "1e19", "100E", "999999999999999999999E", "1e29", "2e29",
		"170141183460469231731687303715.884105727", "170141183460469231731687303715.884105728", "-170141183460469231731687303715.8841057270001",
		"170141183460469231731687303715884105727n", "170141183460469231731687303715884105726.1n", "0.1n", "-0.1n", "0.000000001n", "1.0000000001",
		"1.0000000009", "-1.0000000001", "0.0000000000001Ki", "1.1Ki", "0.1Ki", "1.0000000001Ki", "0.9765625Ki", "0.00097656250Ki", "0.4n", "999999999999999999",
		"9999999999999999999", "99999999999999999999", strings.Repeat("0", 300) + "1", strings.Repeat("9", 300), "0." + strings.Repeat("0", 300) + "1",
		"0." + strings.Repeat("9", 60) + "Ei", "1." + strings.Repeat("9", 60) + "m", "1e300", "1e-300", "-1e300", strings.Repeat("1", 40) + "e-40",
	}
	for range 2600 {
		texts = append(texts, randomQuantity(random))
	}
	for range 700 {
		texts = append(texts, mutate(random, randomQuantity(random), "0123456789..+-eEinumkKMGTPx "))
	}

	var valid []string
	for _, text := range texts {
		if absurdExponent.MatchString(text) {
			continue
		}
		quantity, err := resource.ParseQuantity(text)
		if err != nil {
			fmt.Fprintf(out, "value\t%s\tinvalid\n", escape(text))
			continue
		}
		valid = append(valid, text)
		fmt.Fprintf(out, "value\t%s\t%s\n", escape(text), nanos(quantity))
	}
	for range 1500 {
		a := valid[random.IntN(len(valid))]
		b := pick(random, valid[random.IntN(len(valid))], sameOrClose(random, a))
		qa, qb := resource.MustParse(a), resource.MustParse(b)
		fmt.Fprintf(out, "compare\t%s\t%s\t%d\n", escape(a), escape(b), qa.Cmp(qb))
	}
	for range 400 {
		writeRatio(random, out)
	}
}

// writeRatio takes a numerator within a nano of denominator * ratio, of up to 2^127 nanos.
func writeRatio(random *rand.Rand, out *bufio.Writer) {
	billion := big.NewInt(1_000_000_000)
	random128 := func(bits int) *big.Int {
		value := new(big.Int).Lsh(new(big.Int).SetUint64(random.Uint64()), 64)
		value.Or(value, new(big.Int).SetUint64(random.Uint64())).Rsh(value, uint(128-bits))
		return value.Mul(value, big.NewInt(pick(random, int64(1), 1, 1, -1)))
	}
	bits := 1 + random.IntN(126)
	denominator, ratio := random128(bits), random128(min(127, 30+random.IntN(127-bits+1)))
	product := new(big.Int).Mul(denominator, ratio)
	numerator := new(big.Int).Div(product, billion)
	numerator.Add(numerator, big.NewInt(int64(random.IntN(3)-1)))
	if numerator.CmpAbs(maxNanos) > 0 {
		numerator = random128(127)
	}
	exceeds := new(big.Int).Mul(numerator, billion).Cmp(product) > 0
	fmt.Fprintf(out, "ratio\t%vn\t%vn\t%vn\t%v\n", numerator, denominator, ratio, exceeds)
}

func digits(random *rand.Rand, most int) string {
	text := make([]byte, random.IntN(most+1))
	for i := range text {
		text[i] = byte('0' + pick(random, random.IntN(10), random.IntN(10), 0, 9))
	}
	return string(text)
}

func randomQuantity(random *rand.Rand) string {
	text := pick(random, "", "", "", "-", "+") + digits(random, pick(random, 3, 3, 8, 22, 32))
	if random.IntN(3) == 0 {
		text += "." + digits(random, pick(random, 2, 4, 12, 30))
	}
	if random.IntN(5) == 0 {
		return text + pick(random, "e", "E") + pick(random, "", "+", "-") + fmt.Sprint(random.IntN(pick(random, 4, 13, 40)))
	}
	return text + pick(random, "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
}

// sameOrClose returns a's value written in another way, or off by a nano.
func sameOrClose(random *rand.Rand, a string) string {
	value, ok := new(big.Int).SetString(nanos(resource.MustParse(a)), 10)
	if !ok {
		return a
	}
	value.Add(value, big.NewInt(int64(random.IntN(3)-1)))
	return value.String() + "n"
}

// nanos returns the exact value times 1e9, or "max" and "-max" beyond 2^127-1.
func nanos(quantity resource.Quantity) string {
	if quantity.IsZero() {
		return "0"
	}
	dec := quantity.AsDec()
	shift := 9 - int64(dec.Scale())
	if shift < 0 {
		panic("finer than a nano: " + quantity.String())
	}
	value := new(big.Int).Mul(dec.UnscaledBig(), new(big.Int).Exp(big.NewInt(10), big.NewInt(shift), nil))
	if value.CmpAbs(maxNanos) <= 0 {
		return value.String()
	}
	if value.Sign() < 0 {
		return "-max"
	}
	return "max"
}
