package linkage

import (
	"slices"
	"strings"
)

// legalForm is a form of enterprise and the ways it is written in a folded name.
type legalForm struct {
	name string
	// written are sequences of words. A form marked with a leading ~ counts only at the end of a name, since it is a word
	// of its own elsewhere ("AG Weser", "SE Bordnetze").
	written []string
}

// legalForms of Germany, Austria, Switzerland and Liechtenstein, and those of other countries that are common in a
// German CRM. Two forms with one name here are the same to a comparison.
var legalForms = []legalForm{
	// Germany, Austria
	{"gmbh & co kg", []string{"gmbh co kg", "gmbh und co kg", "gmbh u co kg", "gmbh cokg", "gmbh and co kg", "g m b h co kg", "gmbh co kommanditgesellschaft", "gmbh kg", "mbh co kg", "mbh und co kg", "ges m b h co kg", "gesmbh co kg"}},
	{"gmbh & co kgaa", []string{"gmbh co kgaa", "gmbh und co kgaa", "se co kgaa", "ag co kgaa", "kgaa", "kommanditgesellschaft auf aktien"}},
	{"gmbh & co ohg", []string{"gmbh co ohg", "gmbh und co ohg"}},
	{"ag & co kg", []string{"ag co kg", "ag und co kg", "se co kg", "se und co kg", "ug haftungsbeschraenkt co kg", "ug co kg", "stiftung co kg", "limited co kg", "ltd co kg"}},
	{"gmbh", []string{"gmbh", "g m b h", "mbh", "m b h", "ges m b h", "gesmbh", "gesellschaft mit beschraenkter haftung", "mit beschraenkter haftung", "ggmbh", "gemeinnuetzige gmbh", "gmbh i gr", "gmbh i l"}},
	{"ug", []string{"ug haftungsbeschraenkt", "unternehmergesellschaft haftungsbeschraenkt", "unternehmergesellschaft", "haftungsbeschraenkt", "~ug", "gug"}},
	{"ag", []string{"aktiengesellschaft", "~ag", "~a g"}},
	{"se", []string{"societas europaea", "~se"}},
	{"kg", []string{"co kg", "und co kg", "u co kg", "kommanditgesellschaft", "cokg", "~kg", "~k g"}},
	{"ohg", []string{"offene handelsgesellschaft", "ohg", "o h g", "co ohg", "und co ohg", "~og", "offene gesellschaft"}},
	{"gbr", []string{"gbr", "g b r", "egbr", "gesellschaft buergerlichen rechts", "gbr mbh"}},
	{"ek", []string{"~e k", "~ek", "~e kfm", "~ekfm", "~e kfr", "~ekfr", "eingetragener kaufmann", "eingetragene kauffrau", "~e u", "~eu", "~inh", "einzelunternehmen", "einzelfirma"}},
	{"ev", []string{"~e v", "~ev", "eingetragener verein"}},
	{"eg", []string{"~e g", "~eg", "eingetragene genossenschaft", "~egen", "~egmbh"}},
	{"vvag", []string{"vvag", "~a g i l", "versicherungsverein auf gegenseitigkeit"}},
	{"partg", []string{"partg mbb", "partgmbb", "partg", "part g", "partnerschaft mbb", "partnerschaftsgesellschaft mbb", "partnerschaftsgesellschaft"}},
	{"aoer", []string{"aoer", "anstalt des oeffentlichen rechts"}}, {"koer", []string{"koer", "kdoer", "koerperschaft des oeffentlichen rechts"}},
	// Switzerland, France, Belgium, Luxembourg, Italy
	{"sa", []string{"societe anonyme", "~sa", "~s a"}}, {"sarl", []string{"sarl", "s a r l", "~sa rl", "s a rl", "~sagl"}},
	{"sas", []string{"~sas", "~s a s", "sasu"}}, {"srl", []string{"srl", "s r l", "srls"}}, {"spa", []string{"~spa", "~s p a"}}, {"snc", []string{"~snc"}},
	{"eurl", []string{"eurl"}},
	// English
	{"ltd", []string{"limited", "ltd", "pty ltd", "pvt ltd", "private limited", "co ltd", "pte ltd"}}, {"plc", []string{"plc", "p l c", "public limited company"}},
	{"llc", []string{"llc", "l l c"}}, {"llp", []string{"llp"}}, {"lp", []string{"~lp"}}, {"inc", []string{"inc", "incorporated"}}, {"corp", []string{"corp", "corporation"}},
	{"co", []string{"~and co", "~und co", "~u co", "~co", "~cie"}},
	// Netherlands, the north, the east, Iberia
	{"bv", []string{"~bv", "~b v", "bvba"}}, {"nv", []string{"~nv", "~n v"}}, {"vof", []string{"~vof", "~v o f"}}, {"as", []string{"~as", "~a s", "~asa"}}, {"aps", []string{"aps"}},
	{"ab", []string{"~ab", "aktiebolag"}}, {"oy", []string{"~oy", "~oyj", "~oy ab"}}, {"spzoo", []string{"sp z o o", "sp z oo", "sp zoo", "spolka z o o", "spzoo", "sp zo o"}},
	{"sro", []string{"s r o", "sro", "spol s r o"}}, {"doo", []string{"d o o", "doo"}}, {"kft", []string{"kft"}}, {"zrt", []string{"~zrt", "~nyrt"}}, {"sl", []string{"~sl", "~s l", "~slu"}}, {"lda", []string{"lda"}},
	{"stichting", []string{"stichting"}},
}

type writtenForm struct {
	words []string
	name  string
	last  bool
}

// formsByFirst finds the ways to write a form by their first word, longest first.
var formsByFirst = func() map[string][]writtenForm {
	m := make(map[string][]writtenForm)
	for _, f := range legalForms {
		for _, w := range f.written {
			text, last := strings.CutPrefix(w, "~")
			words := strings.Fields(text)
			m[words[0]] = append(m[words[0]], writtenForm{words, f.name, last})
		}
	}
	for _, list := range m {
		slices.SortStableFunc(list, func(a, b writtenForm) int { return len(b.words) - len(a.words) })
	}
	return m
}()

// apart are words that tell companies of one house from each other; they end up in Firm.Mark. A prefix counts in a
// compound: "Verwaltungsgesellschaft", "Beteiligungs".
var (
	apart         = set(`holding holdings komplementaer stiftung foerderverein betriebsrat pensionskasse unterstuetzungskasse betriebskrankenkasse leasing immobilien immobilienverwaltung grundbesitz insolvenzverwaltung`)
	apartPrefixes = []string{"verwaltung", "beteiligung", "vermoegensverwaltung", "grundstuecks", "besitzgesellschaft", "immobiliengesellschaft", "holding", "komplementaer"}
	// places tell branches from each other where both names have one.
	places = map[string]string{"deutschland": "de", "germany": "de", "oesterreich": "at", "austria": "at", "schweiz": "ch", "switzerland": "ch", "suisse": "ch",
		"france": "fr", "frankreich": "fr", "italia": "it", "italien": "it", "polska": "pl", "polen": "pl", "uk": "gb", "usa": "us", "nord": "nord", "sued": "sued", "ost": "ost", "west": "west",
		"nordost": "nordost", "nordwest": "nordwest", "suedost": "suedost", "suedwest": "suedwest", "europe": "eu", "europa": "eu"}
)

// Firm is the name of an organisation taken apart. Its parts are folded.
type Firm struct {
	Core string // the name without its legal form, in its order
	Form string // the legal form by one name for all its spellings; "" where none is given
	Mark string // sorted words that tell companies of one house apart: holding, verwaltung …
	Area string // sorted countries, directions and numbers in the name
	Base string // sorted words of the core without those
}

// ParseFirm takes the name of an organisation apart.
func ParseFirm(name string) Firm {
	all := strings.Fields(Fold(name))
	if len(all) > 0 && (all[0] == "firma" || all[0] == "fa") && len(all) > 1 {
		all = all[1:]
	}
	var core []string
	form := ""
	tail := formsOnly(all)
	for i := 0; i < len(all); {
		name, n := formAt(all, i, tail)
		if n > 0 && (len(core) > 0 || i+n < len(all)) {
			if form == "" {
				form = name
			}
			if w := len(core) - 1; w >= 0 && name == "gmbh" && all[i] != "gmbh" {
				// "Vertriebsgesellschaft mbH" is "Vertriebs GmbH".
				if stem, ok := strings.CutSuffix(core[w], "gesellschaft"); ok && stem != "" {
					core[w] = stem
				}
			}
			i += n
			continue
		}
		core = append(core, all[i])
		i++
	}
	if len(core) == 0 {
		core = all
	}
	var base, mark, area []string
	for _, w := range core {
		switch m := markOf(w); {
		case m != "":
			mark = append(mark, m)
		case places[w] != "":
			area = append(area, places[w])
		case allDigits(w):
			area = append(area, w)
		default:
			base = append(base, w)
		}
	}
	if len(base) == 0 { // the words that set apart are the name itself: "Deutsche Holding"
		base, mark, area = core, nil, nil
	}
	return Firm{
		Core: strings.Join(core, " "), Form: form,
		Mark: sorted(strings.Join(mark, " ")), Area: sorted(strings.Join(area, " ")), Base: sorted(strings.Join(base, " ")),
	}
}

func markOf(w string) string {
	if apart[w] {
		return w
	}
	for _, p := range apartPrefixes {
		if strings.HasPrefix(w, p) {
			return p
		}
	}
	return ""
}

// formAt finds the longest legal form that begins at word i, and how many words it has; 0 is none. tail is formsOnly.
func formAt(all []string, i int, tail []bool) (string, int) {
	for _, f := range formsByFirst[all[i]] {
		if n := len(f.words); i+n <= len(all) && slices.Equal(all[i:i+n], f.words) && (!f.last || tail[i+n]) {
			return f.name, n
		}
	}
	return "", 0
}

// formsOnly says for each word, and for the end, whether nothing but legal forms stands from there on.
func formsOnly(all []string) []bool {
	tail := make([]bool, len(all)+1)
	tail[len(all)] = true
	for i := len(all) - 1; i >= 0; i-- {
		for _, f := range formsByFirst[all[i]] {
			if n := len(f.words); i+n <= len(all) && tail[i+n] && slices.Equal(all[i:i+n], f.words) {
				tail[i] = true
				break
			}
		}
	}
	return tail
}
