package auth

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/rendite-crm/rendite/internal/diag"
)

// The lengths of a password in characters. There are no rules on kinds of characters and no expiry: both make people
// choose worse ones (NIST SP 800-63B-4, 3.1.1.2).
const (
	MinPassword = 12
	MaxPassword = 200
)

// enough is how many letters a password must have besides a common word or a name, and how many steps besides a
// sequence.
const enough = 4

//go:embed common.txt
var commonText string

// common lists words that passwords are made of, in lower case.
var common = sync.OnceValue(func() []string {
	var words []string
	for line := range strings.Lines(commonText) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			words = append(words, line)
		}
	}
	return words
})

// CheckPassword says whether a new password is good enough: 12 to 200 characters, not made of the person's e-mail
// address or name, of one of the commonest passwords or of a sequence, each with some digits or letters around it. The
// error is a diag.Diagnostic: auth_password_short, auth_password_long, auth_password_personal or auth_password_common.
func CheckPassword(password, email, name string) error {
	p := normal(password)
	switch n := utf8.RuneCountInString(p); {
	case n < MinPassword:
		return diag.New("auth_password_short", diag.Position{}, diag.Args{"least": MinPassword})
	case n > MaxPassword || utf8.RuneCountInString(password) > MaxPassword:
		return diag.New("auth_password_long", diag.Position{}, diag.Args{"most": MaxPassword})
	}
	spellings := spell(p)
	for _, s := range spellings {
		if madeOf(s, personal(email, name)...) {
			return diag.New("auth_password_personal", diag.Position{}, nil)
		}
	}
	for _, s := range spellings {
		if sequence(s) {
			return diag.New("auth_password_common", diag.Position{}, nil)
		}
		for _, w := range common() {
			if madeOf(s, w) {
				return diag.New("auth_password_common", diag.Position{}, nil)
			}
		}
	}
	return nil
}

var (
	umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss")
	leetI   = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "@", "a", "$", "s", "!", "i")
	leetL   = strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "@", "a", "$", "s", "!", "i")
)

// spell is a password as typed, and with digits and signs read as the letters they stand for: "P4ssw0rt".
func spell(p string) []string {
	low := umlauts.Replace(strings.ToLower(p))
	return []string{low, leetI.Replace(low), leetL.Replace(low)}
}

// madeOf reports whether little is left of s once the words are taken out of it. Digits and signs around them count
// nothing: they are the year, or "123!".
func madeOf(s string, words ...string) bool {
	rest := s
	for _, w := range words {
		rest = strings.ReplaceAll(rest, w, " ")
	}
	letters := 0
	for _, r := range rest {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	return rest != s && letters < enough
}

// sequence reports whether s repeats or counts nearly all the way: "aaaaaaaaaaaa", "123456789012",
// "abcdefghijkl".
func sequence(s string) bool {
	steps, kinds, last := 0, map[rune]bool{}, rune(-10)
	for _, r := range s {
		if d := r - last; d < -1 || d > 1 {
			steps++
		}
		kinds[r], last = true, r
	}
	return steps <= enough || len(kinds) <= enough
}

// personal are the words that others know of a person: the parts of the address and of the name, from four characters,
// the long ones first.
func personal(email, name string) []string {
	local, domain, _ := strings.Cut(umlauts.Replace(strings.ToLower(email)), "@")
	words := []string{local, domain}
	apart := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	name = umlauts.Replace(strings.ToLower(name))
	for _, s := range []string{local, domain, name} {
		parts := strings.FieldsFunc(s, apart)
		words = append(words, parts...)
		words = append(words, strings.Join(parts, ""))
	}
	words = append(words, name)
	var long []string
	for _, w := range words {
		if utf8.RuneCountInString(w) >= 4 {
			long = append(long, w)
		}
	}
	slices.SortFunc(long, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return long
}
