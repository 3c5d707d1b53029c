package linkage

import (
	"slices"
	"strings"
)

// callNames are first names and the short and foreign forms that one person may go by, folded. A short form may belong to
// several names (Chris, Alex); it then stands in several lines.
var callNames = []string{
	"alexander alex sascha sandro xander", "alexandra alex sandra sascha", "andreas andi andy andre", "anna anne anni annika anja", "annemarie anne annemie",
	"anton toni tony", "antonia toni", "barbara babsi baerbel", "benjamin ben benni benny", "bernhard bernd berni", "bernard bernd", "birgit gitta biggi", "brigitte gitta gitte birgit",
	"carl karl carlo", "charlotte lotte charly", "christian chris christl", "christiane chris christl", "christina chris christl tina christine kristina", "christine chris tina christa",
	"christoph chris christopher stoffel", "daniel dani danny", "daniela dani", "dieter dietrich", "dietmar dieter", "dorothea doris thea dorothee", "edmund eddi", "eduard edi eddy edward",
	"elisabeth elli lisa lisbeth liesel sissi elsbeth else elise betty elizabeth", "emanuel manuel", "ernst ernie", "eugen gene", "eva evi eve", "ferdinand ferdi", "florian flo",
	"franz franzl frank", "franziska franzi sissi", "friedrich fritz fred frederik friedel", "gabriele gabi gaby", "georg schorsch joerg juergen george", "gerhard gerd gert hardi", "gertrud trude gerda traudl",
	"guenther guenter", "gustav gustl", "hans johannes johann hannes jo john hansi", "harald harry", "heinrich heinz heiner heini henry hinrich", "helmut helmuth", "herbert herb", "hermann herman",
	"hildegard hilde", "ingeborg inge", "ingrid inge", "irene reni", "jakob jacob jack", "jan johannes", "joachim jochen achim jo", "josef joseph sepp jupp beppo seppi pepi joe", "josefine josi fine",
	"julia jule juli", "julian jule", "juergen jurgen", "kai kay", "karin karen", "karolina caroline karoline lina", "katharina kathrin katrin kathi kati kate katja catherine", "klaus claus nikolaus niklas klausi", "konrad conrad konni",
	"konstantin kosta", "kurt curt", "leonhard leo hardy", "leopold leo poldi", "lothar lothi", "ludwig lutz louis luis", "manfred manni fred", "manuela manu ela", "margarete grete gretel margit margret margarethe greta", "maria mia marie mary mitzi",
	"markus marcus marc mark", "martin marti", "martina tina", "mathias matthias matt hias mathew matze", "maximilian max maxi", "melanie mel melli", "michael michi mike michel mick michl micha", "michaela michi ela",
	"monika moni", "nicole nici nicki", "nikolaus nik klaus niko nicolas niklas nico", "norbert nobbi", "oliver oli olli", "patrick pat", "paul pauli", "peter pit petra piet", "petra peti", "philipp phil philip", "rainer reiner",
	"raimund reimund", "reinhard reini hardy", "reinhold reini", "renate reni nate", "richard ricky rick dick", "robert rob bob bobby robbi", "roland rolli", "rolf rudolf", "rosemarie rosi romy", "rudolf rudi rolf", "ruediger rudi", "sabine bine",
	"samuel sam", "sebastian basti bastian wastl", "siegfried siggi sigi", "sigrid siggi", "silvia sylvia", "simon simi", "sofie sophie sophia sofia", "stefan stephan steffen steve steven stephen", "stefanie steffi stephanie", "susanne susi sanne susanna",
	"theodor theo teddy", "theresa resi therese theresia", "thomas tom tommy", "thorsten torsten", "tobias tobi", "ulrich uli ulli", "ulrike uli ulli rike", "ursula uschi ulla", "ute uta", "valentin valli", "veronika vroni", "viktoria vicky victoria",
	"volker volkmar", "waltraud traudl walli", "walter walther", "werner werni", "wilhelm willi willy will bill", "wilhelmine mina minna", "wolfgang wolf wolfi", "zacharias zach",
	"william bill will billy", "james jim jimmy", "margaret maggie peggy", "edward ed ted eddie", "charles charlie chuck", "katherine kate kathy", "jennifer jenny", "mehmet memo", "mohammed mohamed muhammad mohammad mehmet", "ahmet ahmed",
}

var nameGroups = func() map[string][]int {
	m := make(map[string][]int)
	for i, line := range callNames {
		for n := range strings.FieldsSeq(line) {
			if !slices.Contains(m[n], i) {
				m[n] = append(m[n], i)
			}
		}
	}
	return m
}()

// sameCallName reports whether one person may go by both first names: one is a short or foreign form of the other.
func sameCallName(a, b string) bool {
	for _, i := range nameGroups[a] {
		if slices.Contains(nameGroups[b], i) {
			return true
		}
	}
	return false
}

// initials reports whether one name is the beginning letters of the other: "h p" or "h" for "hans peter".
func initials(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if a == "" {
		return false
	}
	for a != "" {
		if b == "" {
			return false
		}
		x, restA, _ := strings.Cut(a, " ")
		y, restB, _ := strings.Cut(b, " ")
		if len(x) != 1 || !strings.HasPrefix(y, x) {
			return false
		}
		a, b = restA, restB
	}
	return true
}

// partOf reports whether all words of one name are words of the other: "hans" of "hans peter", "mueller" of "mueller
// luedenscheidt".
func partOf(a, b string) bool {
	if words(a) > words(b) {
		a, b = b, a
	}
	if a == "" || words(a) == words(b) {
		return false
	}
	for x := range strings.FieldsSeq(a) {
		found := false
		for y := range strings.FieldsSeq(b) {
			found = found || x == y
		}
		if !found {
			return false
		}
	}
	return true
}
