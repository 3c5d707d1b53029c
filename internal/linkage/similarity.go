package linkage

import (
	"math/bits"
	"strings"
	"unicode/utf8"
)

// Jaro is the similarity of Jaro (1989, JASA 84(406), 414–420): with c common characters, those that stand at most
// max(|a|, |b|)/2 − 1 places apart, and t transpositions among them, (c/|a| + c/|b| + (c − t)/c) / 3. 1 is equal, 0 is
// nothing in common; two empty texts are equal. Which characters are common is found from the shorter text, so that the
// order of the two does not matter.
func Jaro(a, b string) float64 {
	if a == b {
		return 1
	}
	if len(a) <= 64 && len(b) <= 64 && ascii(a) && ascii(b) {
		return jaroShort(a, b)
	}
	var bufA, bufB [maxRunes]rune
	x, y := runes(bufA[:], a), runes(bufB[:], b)
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	if len(x) > len(y) || len(x) == len(y) && a > b {
		x, y = y, x
	}
	reach := max(len(y)/2-1, 0)
	takenX, takenY := make([]bool, len(x)), make([]bool, len(y))
	common := 0
	for i, r := range x {
		for j := max(0, i-reach); j < min(len(y), i+reach+1); j++ {
			if !takenY[j] && y[j] == r {
				takenX[i], takenY[j] = true, true
				common++
				break
			}
		}
	}
	swapped, j := 0, 0
	for i, r := range x {
		if !takenX[i] {
			continue
		}
		for !takenY[j] {
			j++
		}
		if y[j] != r {
			swapped++
		}
		j++
	}
	return jaro(len(x), len(y), common, swapped)
}

// jaroShort is the same for up to 64 letters a–z and the like, with a bit for each letter that is taken.
func jaroShort(a, b string) float64 {
	if len(a) > len(b) || len(a) == len(b) && a > b {
		a, b = b, a
	}
	reach := max(len(b)/2-1, 0)
	var takenA, takenB uint64
	for i := range len(a) {
		for j := max(0, i-reach); j < min(len(b), i+reach+1); j++ {
			if b[j] == a[i] && takenB>>j&1 == 0 {
				takenA |= 1 << i
				takenB |= 1 << j
				break
			}
		}
	}
	swapped := 0
	for x, y := takenA, takenB; x != 0; x, y = x&(x-1), y&(y-1) {
		if a[bits.TrailingZeros64(x)] != b[bits.TrailingZeros64(y)] {
			swapped++
		}
	}
	return jaro(len(a), len(b), bits.OnesCount64(takenA), swapped)
}

func jaro(a, b, common, swapped int) float64 {
	if common == 0 {
		return 0
	}
	c := float64(common)
	return (c/float64(a) + c/float64(b) + (c-float64(swapped/2))/c) / 3
}

// JaroWinkler raises Jaro's similarity for an equal beginning of up to four characters by a tenth of what is missing to 1
// for each (Winkler 1990, Proc. Survey Research Methods, ASA, 354–359). As in Winkler's own program it does so above 0.7
// only: texts that have little in common gain nothing from a common first letter.
func JaroWinkler(a, b string) float64 {
	s := Jaro(a, b)
	if s <= 0.7 {
		return s
	}
	prefix := 0
	for prefix < 4 && a != "" && b != "" {
		x, n := utf8.DecodeRuneInString(a)
		y, m := utf8.DecodeRuneInString(b)
		if x != y {
			break
		}
		a, b = a[n:], b[m:]
		prefix++
	}
	return s + float64(prefix)*0.1*(1-s)
}

// similar reports whether JaroWinkler is at least a bound above 0.7. Most texts are told apart by how many letters of one
// the other does not have at all, which bounds the number of common characters, before anything is aligned.
func similar(a, b string, bound float64) bool {
	if a == b {
		return true
	}
	if a == "" || b == "" {
		return false
	}
	most := min(presentIn(a, b), presentIn(b, a))
	if s := jaro(len(a), len(b), most, 0); ascii(a) && ascii(b) && s+0.4*(1-s) < bound || most == 0 {
		return false
	}
	return JaroWinkler(a, b) >= bound
}

// presentIn is how many bytes of a stand for letters that b has somewhere, with a few too many where bytes share a bit.
func presentIn(a, b string) int {
	var has uint64
	for i := range len(b) {
		has |= 1 << (b[i] & 63)
	}
	n := 0
	for i := range len(a) {
		n += int(has >> (a[i] & 63) & 1)
	}
	return n
}

// Levenshtein is 1 − d/n, d the least number of characters to insert, delete or replace to make one text of the other
// (Levenshtein 1966), n the length of the longer; two empty texts are equal.
func Levenshtein(a, b string) float64 {
	if a == b {
		return 1
	}
	var bufA, bufB [maxRunes]rune
	x, y := runes(bufA[:], a), runes(bufB[:], b)
	return 1 - float64(distance(x, y))/float64(max(len(x), len(y)))
}

// closeBy reports whether Levenshtein is at least a bound. The texts' lengths and letters tell most apart.
func closeBy(a, b string, bound float64) bool {
	n := max(len(a), len(b))
	if float64(n-min(len(a), len(b))) > (1-bound)*float64(n)+1e-9 && ascii(a) && ascii(b) {
		return false
	}
	if ascii(a) && ascii(b) && float64(n-min(presentIn(a, b), presentIn(b, a))) > (1-bound)*float64(n)+1e-9 {
		return false
	}
	return Levenshtein(a, b) >= bound
}

func distance(x, y []rune) int {
	var buf [maxRunes + 1]int
	row := buf[:]
	if len(y) >= len(row) {
		row = make([]int, len(y)+1)
	}
	row = row[:len(y)+1]
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range y {
			replace := diagonal
			if r != s {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}

// oneSlip reports whether two texts differ by one character that was left out, added or replaced, or by two neighbours
// that changed places (Damerau 1964).
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || a == b {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	return a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// dice is the share of words that two texts have in common: twice the common ones over all (Dice 1945), each word once.
// Their order does not matter. The words must be sorted.
func dice(a, b string) (share float64, common int) {
	na, nb := words(a), words(b)
	if na+nb == 0 {
		return 1, 0
	}
	for a != "" && b != "" {
		x, restA, _ := strings.Cut(a, " ")
		y, restB, _ := strings.Cut(b, " ")
		switch {
		case x == y:
			common++
			a, b = restA, restB
		case x < y:
			a = restA
		default:
			b = restB
		}
	}
	return 2 * float64(common) / float64(na+nb), common
}

func words(s string) int {
	if s == "" {
		return 0
	}
	return strings.Count(s, " ") + 1
}
