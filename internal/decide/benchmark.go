package decide

import (
	_ "embed"
	"fmt"
	"strconv"

	"github.com/rendite-crm/rendite/internal/calc"
	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
)

//go:embed benchmarks.yaml
var benchmarks []byte

// Position sets a figure of the case beside a published one. It is for orientation: no published figure ever becomes an
// input.
type Position struct {
	ID     string `json:"id"`     // of the published figure
	Figure string `json:"figure"` // gross_return, roi, loss, payback or adoption
	Unit   string `json:"unit"`   // ratio, share or months
	// Low and High are what was published, equal for a single value; Firms is the share of firms found between them.
	Low   float64  `json:"low"`
	High  float64  `json:"high"`
	Firms *float64 `json:"firms,omitempty"`
	// Case is the case's own figure in the same unit (the median where it is uncertain, with P10 and P90 where known); nil
	// where it has none, such as a payback beyond the horizon.
	Case *float64 `json:"case"`
	P10  *float64 `json:"p10,omitempty"`
	P90  *float64 `json:"p90,omitempty"`
	// Stand is where the case stands: below, within or above what was published, beyond for a payback that the horizon
	// does not reach.
	Stand string `json:"stand"`

	Origin  string `json:"origin"`
	Year    int    `json:"year,omitempty"`
	Address string `json:"address"`
	// Seen says that the publication itself was read; Weak that its claim has no traceable study behind it or comes from
	// the seller, so that it must not be shown without the caveat.
	Seen bool `json:"primary_source_seen"`
	Weak bool `json:"weak,omitempty"`
	// What and Caveat are said in the user's language by whoever shows the position.
	What   catalogue.Text `json:"what"`
	Caveat catalogue.Text `json:"caveat"`
}

// figure is the case's own value of one figure; p10 and p90 may be nil.
type figure struct {
	unit          string
	p10, p50, p90 *float64
	// never says that there is no value because the horizon ends first.
	never bool
}

// Benchmark compares the case's return, payback and adoption with the published figures that name the same thing, in the
// order of the library. A figure that the case does not have is left out.
func Benchmark(a *calc.Answer) []Position {
	all, err := library()
	if err != nil {
		return nil // the embedded file is checked by a test
	}
	own := figures(a)
	positions := []Position{}
	for _, p := range all {
		f, ok := own[p.Figure]
		if !ok {
			continue
		}
		p.Unit, p.Case, p.P10, p.P90 = f.unit, f.p50, f.p10, f.p90
		switch {
		case f.p50 == nil && f.never:
			p.Stand = "beyond"
		case f.p50 == nil:
			continue
		case *f.p50 < p.Low:
			p.Stand = "below"
		case *f.p50 > p.High:
			p.Stand = "above"
		default:
			p.Stand = "within"
		}
		positions = append(positions, p)
	}
	return positions
}

// figures are those of the case: ROI and payback of the simulation; the gross return of the plan, undiscounted as in the
// publications; the share of draws without a positive ROI; adoption in the end.
func figures(a *calc.Answer) map[string]figure {
	s, p := a.Simulation, a.Plan
	loss := 1 - s.ProbabilityROIPositive
	own := map[string]figure{
		"roi":     {unit: "ratio", p10: s.ROI.P10, p50: s.ROI.P50, p90: s.ROI.P90},
		"payback": {unit: "months", p10: s.BreakEven.P10, p50: s.BreakEven.P50, p90: s.BreakEven.P90, never: true},
		"loss":    {unit: "share", p50: &loss},
	}
	if p.Costs > 0 {
		gross := p.Benefits / p.Costs
		own["gross_return"] = figure{unit: "ratio", p50: &gross}
	}
	if q, ok := a.Model.Quantity("adoption.plateau"); ok {
		switch v, known := value(q); {
		case q.Uncertain():
			p10, p50, p90 := spread(q)
			own["adoption"] = figure{unit: "share", p10: &p10, p50: &p50, p90: &p90}
		case known:
			own["adoption"] = figure{unit: "share", p50: &v}
		}
	}
	return own
}

// library reads the published figures.
func library() ([]Position, error) {
	root, found := casefile.ParseYAML("benchmarks.yaml", benchmarks)
	if err := found.Err(); err != nil {
		return nil, err
	}
	var all []Position
	for _, e := range root.Entries {
		n := e.Value
		text := func(key string) string {
			if v := n.Get(key); v != nil {
				return v.Text
			}
			return ""
		}
		both := func(key string) catalogue.Text {
			var t catalogue.Text
			if v := n.Get(key); v != nil && v.Get("de") != nil && v.Get("en") != nil {
				t = catalogue.Text{German: v.Get("de").Text, English: v.Get("en").Text}
			}
			return t
		}
		p := Position{ID: e.Key, Figure: text("figure"), Origin: text("origin"), Address: text("address"),
			Seen: text("seen") == "true", Weak: text("weak") == "true", What: both("what"), Caveat: both("caveat")}
		var err error
		number := func(key string) float64 {
			v, e := strconv.ParseFloat(text(key), 64)
			if e != nil && err == nil {
				err = fmt.Errorf("benchmarks.yaml: %s.%s: %w", p.ID, key, e)
			}
			return v
		}
		p.Low, p.High = number("low"), number("high")
		if n.Get("firms") != nil {
			v := number("firms")
			p.Firms = &v
		}
		if n.Get("year") != nil {
			p.Year = int(number("year"))
		}
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
