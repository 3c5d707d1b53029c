// Package locale is the one place where texts, numbers, money and dates become German or English. Start with New and
// Locale.Text; numbers are formatted by the methods of Locale and nowhere else.
//
// It knows diagnostics, but not what they are about: neither cases nor results.
package locale

import (
	"embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/bojanz/currency"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"github.com/rendite-crm/rendite/internal/diag"
)

// The messages, one file per area and language: <area>.<lang>.json, flat, each key beginning with "<area>.". They are
// JSON because reading them as YAML would take longer than everything else a small run does. See messages/README.md.
//
//go:embed messages/*.json
var messages embed.FS

// Lang is a language of the interface, as in IETF BCP 47.
type Lang string

// The languages there are.
const (
	German  Lang = "de"
	English Lang = "en"
)

// Langs lists the languages.
func Langs() []Lang { return []Lang{German, English} }

// Parse reads the name of a language as users write it: "de", "de-AT", "en_GB.UTF-8", "deutsch".
func Parse(s string) (Lang, error) {
	low := strings.ToLower(strings.TrimSpace(s))
	base, _, _ := strings.Cut(strings.ReplaceAll(low, "_", "-"), "-")
	base, _, _ = strings.Cut(base, ".")
	switch base {
	case "de", "german", "deutsch":
		return German, nil
	case "en", "english", "englisch":
		return English, nil
	}
	return English, diag.New("unknown_language", diag.Position{}, diag.Args{"name": s})
}

// Detect chooses the language from the environment as POSIX (IEEE Std 1003.1-2017, 8.2) orders it: the first of
// LC_ALL, LC_MESSAGES and LANG that is set counts. German for de*, English for everything else. env is os.Getenv.
func Detect(env func(string) string) Lang {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		v := strings.ToLower(env(name))
		if v == "" {
			continue
		}
		if strings.HasPrefix(v, "de") {
			return German
		}
		return English
	}
	return English
}

// Locale formats for one language. It is safe for use by several goroutines.
type Locale struct {
	lang             Lang
	localizer        *i18n.Localizer
	parser           *parser
	currency         currency.Locale
	decimal, group   string
	keys             map[string]bool
	percentSeparator string
	patterns         sync.Map // of pattern, by code of the currency
	fixed            sync.Map // of string, by key: the messages without arguments, which never change
}

var locales = map[Lang]func() *Locale{
	German:  sync.OnceValue(func() *Locale { return load(German) }),
	English: sync.OnceValue(func() *Locale { return load(English) }),
}

// New returns the locale of a language; its messages are read on first use. An unknown language is English.
func New(lang Lang) *Locale {
	if l, ok := locales[lang]; ok {
		return l()
	}
	return locales[English]()
}

// load reads the embedded messages; it panics where they are broken, which a test finds first.
func load(lang Lang) *Locale {
	tag := language.Make(string(lang))
	bundle := i18n.NewBundle(tag)
	l := &Locale{lang: lang, currency: currency.NewLocale(string(lang)), keys: map[string]bool{},
		decimal: ".", group: ","}
	if lang == German {
		l.decimal, l.group, l.percentSeparator = ",", ".", nbsp
	}
	names := files(lang)
	parsed := make([]*i18n.MessageFile, len(names))
	var wait sync.WaitGroup
	for i, file := range names { // beside each other: it is a third of the time that a short command takes
		wait.Go(func() {
			buf, err := messages.ReadFile(file)
			if err == nil {
				parsed[i], err = i18n.ParseMessageFileBytes(buf, path.Base(file), nil)
			}
			if err != nil {
				panic(fmt.Sprintf("locale: embedded messages %s: %v", file, err))
			}
		})
	}
	wait.Wait()
	for i, f := range parsed {
		if err := bundle.AddMessages(f.Tag, f.Messages...); err != nil {
			panic(fmt.Sprintf("locale: embedded messages %s: %v", names[i], err))
		}
		for _, m := range f.Messages {
			l.keys[m.ID] = true
		}
	}
	l.localizer = i18n.NewLocalizer(bundle, string(lang))
	l.parser = newParser(l)
	return l
}

// files lists the embedded message files of a language, in the order of their names.
func files(lang Lang) []string {
	entries, err := messages.ReadDir("messages")
	if err != nil {
		panic(err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), "."+string(lang)+".json") {
			names = append(names, path.Join("messages", e.Name()))
		}
	}
	return names
}

// Lang is the language of the locale.
func (l *Locale) Lang() Lang { return l.lang }

// Has reports whether there is a message with the key.
func (l *Locale) Has(key string) bool { return l.keys[key] }

// Keys lists the keys of all messages in alphabetical order.
func (l *Locale) Keys() []string { return slices.Sorted(maps.Keys(l.keys)) }

// Text is the message of a key with its arguments put in. Numbers among the arguments are written as the language
// writes them; the argument "count" (or "Count") also chooses between singular and plural. A missing message is
// "⟦key⟧"; where an argument is missing, the key is followed by the arguments that are there.
func (l *Locale) Text(key string, args diag.Args) string {
	if !l.keys[key] {
		return "⟦" + key + "⟧"
	}
	if len(args) == 0 {
		if s, ok := l.fixed.Load(key); ok {
			return s.(string)
		}
	}
	data := make(map[string]any, len(args))
	cfg := i18n.LocalizeConfig{MessageID: key, TemplateData: data, TemplateParser: l.parser}
	for name, v := range args {
		data[name] = l.argument(v)
		if name == "count" || name == "Count" {
			cfg.PluralCount = pluralCount(v)
		}
	}
	s, err := l.localizer.Localize(&cfg)
	if err != nil && s == "" { // with a text, the error only says that the message has no plural forms
		rest := strings.TrimPrefix(diag.Diagnostic{Code: key, Args: args}.Error(), key)
		return "⟦" + key + clean(rest) + "⟧"
	}
	if len(args) == 0 {
		l.fixed.Store(key, s) // bounded by the number of keys
	}
	return s
}
