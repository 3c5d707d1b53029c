package linkage

import "strings"

// Cologne is the Kölner Phonetik of a folded text (Postel 1969, IBM-Nachrichten 19, 925–931): one digit for letters that
// sound alike in German, doubled digits once, vowels only at the beginning. Words are coded as one; a text without
// letters a–z has no code.
func Cologne(folded string) string {
	b := make([]byte, 0, len(folded))
	for i := range len(folded) {
		if c := folded[i]; 'a' <= c && c <= 'z' {
			b = append(b, c)
		}
	}
	code := make([]byte, 0, len(b)+1)
	last := byte(0)
	put := func(d byte) {
		// A vowel between two letters of the same sound keeps them apart, so doubles are looked for before vowels go.
		if d != last && (d != '0' || len(code) == 0) {
			code = append(code, d)
		}
		last = d
	}
	for i, c := range b {
		before, after := byte(0), byte(0)
		if i > 0 {
			before = b[i-1]
		}
		if i+1 < len(b) {
			after = b[i+1]
		}
		switch c {
		case 'a', 'e', 'i', 'j', 'o', 'u', 'y':
			put('0')
		case 'h':
		case 'b':
			put('1')
		case 'p':
			if after == 'h' {
				put('3')
			} else {
				put('1')
			}
		case 'd', 't':
			if after == 'c' || after == 's' || after == 'z' {
				put('8')
			} else {
				put('2')
			}
		case 'f', 'v', 'w':
			put('3')
		case 'g', 'k', 'q':
			put('4')
		case 'c':
			hard := "ahkoqux"
			if i == 0 {
				hard = "ahkloqrux"
			}
			if before != 's' && before != 'z' && strings.IndexByte(hard, after) >= 0 && after != 0 {
				put('4')
			} else {
				put('8')
			}
		case 'x':
			if before != 'c' && before != 'k' && before != 'q' {
				put('4')
			}
			put('8')
		case 'l':
			put('5')
		case 'm', 'n':
			put('6')
		case 'r':
			put('7')
		case 's', 'z':
			put('8')
		}
	}
	return string(code)
}
