package model_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/rendite-crm/rendite/internal/casefile"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/model"
	"github.com/rendite-crm/rendite/internal/plan"
)

// failer is a *testing.T or a *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// embedded is the catalogue that comes with the program.
var embedded = sync.OnceValue(func() *catalogue.Catalogue {
	cat, err := catalogue.Open()
	if err != nil {
		panic(err)
	}
	return cat
})

// compile reads, checks and compiles a case file.
func compile(t failer, text string) *plan.Graph {
	t.Helper()
	f, list := casefile.Read("case.yaml", []byte(text), "")
	if list.Err() != nil {
		t.Fatalf("%v\n%s", list, text)
	}
	m, list := model.Build(f, embedded())
	if list.Err() != nil {
		t.Fatalf("%v\n%s", list, text)
	}
	g, err := m.Compile()
	if err != nil {
		t.Fatalf("%v", err)
	}
	return g
}

// flows are the plan's flows by line: money in month 0 to the horizon.
func flows(t failer, text string) map[string][]float64 {
	t.Helper()
	g := compile(t, text)
	all := map[string][]float64{}
	for i, v := range g.Evaluate(g.Medians()) {
		all[g.Lines[i].ID] = v
	}
	return all
}

// factor is a curve of realisation as a case states it.
type factor struct{ start, plateau, months float64 }

// at is the curve of docs/method.md: from start to plateau along Bass (1969) with q/p = 0.38/0.03, nine tenths done after
// months.
func (f factor) at(m int) float64 {
	const c = 0.38 / 0.03
	k := math.Log((1+0.9*c)/0.1) / f.months
	e := math.Exp(-k * float64(m))
	return f.start + (f.plateau-f.start)*(1-e)/(1+c*e)
}

func (f factor) yaml() string {
	return fmt.Sprintf("{start: %v, plateau: %v, months_to_90: %v}", f.start, f.plateau, f.months)
}

type factors [3]factor // adoption, data quality, process

func (f factors) yaml() string {
	var b strings.Builder
	for i, name := range casefile.CurveNames {
		fmt.Fprintf(&b, "%s: %s\n", name, f[i].yaml())
	}
	return b.String()
}

// lever is one lever of a chain, with everything that a case can say of it.
type lever struct {
	id, lever string
	uplift    float64 // or cut
	from, to  int
	risk      float64
}

// exponents are those of the catalogue, copied from the table of docs/language.md.
var exponents = map[string][3]float64{
	"lead_conversion": {1, 1, 0.5}, "win_rate": {1, 0.5, 1}, "deal_value": {1, 1, 0.5}, "sales_cycle": {1, 0.5, 1},
	"churn": {1, 1, 0.5}, "repeat_purchase": {1, 1, 0.5},
}

// realised is the part of the lever's effect that is reached in month m; nothing while it is off.
func (l lever) realised(f factors, m int) float64 {
	if m < l.from || m > l.to {
		return 0
	}
	r := 1.0
	for i, e := range exponents[l.lever] {
		r *= math.Pow(f[i].at(m), e)
	}
	return r
}

const (
	cycle = 90.0 / 30.436875 // months
	churn = 0.09 / 12        // a month
)

// effect is the relative change x(m) of the chain by one lever, computed by its own story and not by the engine's graph.
func (l lever) effect(f factors, m int) float64 {
	if m < l.from || m > l.to {
		return 0
	}
	x := 0.0
	switch l.lever {
	case "sales_cycle": // orders come earlier once, when the cycle gets shorter
		x = cycle * l.uplift * (l.realised(f, m) - l.realised(f, m-1))
	case "churn":
		// Of 1 customer, churn is replaced month by month. Those kept come on top, and are lost more slowly too.
		kept := 0.0
		for k := l.from; k <= m; k++ {
			saved := churn * l.uplift * l.realised(f, k)
			if k > 0 {
				kept = kept*(1-(churn-saved)) + saved
			}
		}
		x = kept
	default:
		x = l.uplift * l.realised(f, m)
	}
	return x * (1 - l.risk)
}

// worth is what levers with the relative effects x add to the chain: the chain with them less the chain without.
func worth(base float64, x []float64) float64 {
	with := base
	for _, x := range x {
		with *= 1 + x
	}
	return with - base
}

// shapley shares worth out the long way: the mean of what a lever adds to those before it, over all orders of all levers.
func shapley(base float64, x []float64) []float64 {
	shares := make([]float64, len(x))
	orders := 0
	var walk func(before []float64, order []int)
	walk = func(before []float64, order []int) {
		if len(order) == len(x) {
			orders++
			for k, i := range order {
				shares[i] += worth(base, before[:k+1]) - worth(base, before[:k])
			}
			return
		}
		for i := range x {
			if !slices.Contains(order, i) {
				walk(append(slices.Clone(before), x[i]), append(slices.Clone(order), i))
			}
		}
	}
	walk(nil, nil)
	for i := range shares {
		shares[i] /= float64(orders)
	}
	return shares
}

// effects are those of some levers in month m.
func effects(levers []lever, f factors, m int) (x []float64) {
	for _, l := range levers {
		x = append(x, l.effect(f, m))
	}
	return x
}

const chainHorizon = 18

// chainCase writes the case of some levers. The chain's variables are assumptions, so that no lever is needed for them.
func chainCase(levers []lever, f factors) string {
	var b strings.Builder
	fmt.Fprintf(&b, "case: Chain\ncurrency: EUR\nhorizon: %d\ndiscount: 0\n%s", chainHorizon, f.yaml())
	b.WriteString(`assumptions:
  leads: 200 /month
  conversion: 30 %
  win_rate: 22 %
  deal_value: 14 000 EUR
  margin: 31 %
  customers: 1200
  churn: 9 %/year
  revenue: 9 500 EUR/year
  cycle: 90 days
costs: {fee: 1 EUR/month}
benefits:
`)
	for _, l := range levers {
		key := "uplift"
		if l.lever == "sales_cycle" || l.lever == "churn" {
			key = "cut"
		}
		fmt.Fprintf(&b, "  %s: {lever: %s, %s: %v, from: %d, to: %d, risk: %v}\n", l.id, l.lever, key, l.uplift, l.from, l.to, l.risk)
	}
	return b.String()
}

// What the chains bring a month without CRM.
const (
	salesBase     = 200 * 0.30 * 0.22 * 14_000 * 0.31
	customersBase = 1200 * 9_500 / 12.0 * 0.31
)

// share is 1 % to 100 %: what nearly vanishes would be left to rounding.
var share = rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.IntRange(1, 100).Draw(t, "percent")) / 100 })

func drawFactors(t *rapid.T) (f factors) {
	for i := range f {
		f[i] = factor{share.Draw(t, "start"), share.Draw(t, "plateau"), float64(rapid.IntRange(1, 24).Draw(t, "months"))}
	}
	return f
}

func drawLevers(t *rapid.T, kinds []string, n int) []lever {
	var all []lever
	for i := range n {
		l := lever{id: fmt.Sprintf("l%d", i), lever: rapid.SampledFrom(kinds).Draw(t, "lever"), uplift: share.Draw(t, "uplift"), from: 1, to: chainHorizon}
		if rapid.Bool().Draw(t, "window") {
			l.from = rapid.IntRange(0, chainHorizon).Draw(t, "from")
			l.to = rapid.IntRange(l.from, chainHorizon).Draw(t, "to")
		}
		if rapid.Bool().Draw(t, "risky") {
			l.risk = share.Draw(t, "risk")
		}
		all = append(all, l)
	}
	return all
}

// Every lever gets its Shapley value, the parts add up to the difference between the chain with and without CRM, and a set
// of levers in a case of its own brings what that set is worth: to 1e-9, in every month.
func TestChainIsSharedOutByShapley(t *testing.T) {
	for name, chain := range map[string]struct {
		base  float64
		kinds []string
	}{
		"sales":     {salesBase, []string{"lead_conversion", "win_rate", "deal_value", "sales_cycle"}},
		"customers": {customersBase, []string{"churn", "repeat_purchase"}},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				f, levers := drawFactors(t), drawLevers(t, chain.kinds, rapid.IntRange(1, 5).Draw(t, "levers"))
				got := flows(t, chainCase(levers, f))
				for m := range chainHorizon + 1 {
					x, sum := effects(levers, f, m), 0.0
					want := shapley(chain.base, x)
					for i, l := range levers {
						sum += got[l.id][m]
						if math.Abs(got[l.id][m]-want[i]) > 1e-9*math.Abs(want[i])+1e-13*chain.base {
							t.Fatalf("month %d: %s (%s) brings %v, its Shapley value is %v\n%s", m, l.id, l.lever, got[l.id][m], want[i], chainCase(levers, f))
						}
					}
					if whole := worth(chain.base, x); math.Abs(sum-whole) > 1e-9*math.Abs(whole)+1e-13*chain.base {
						t.Fatalf("month %d: the parts add up to %v, the whole is %v", m, sum, whole)
					}
				}
				// A part of the levers, as a case without the others.
				some := slices.DeleteFunc(slices.Clone(levers), func(lever) bool { return rapid.Bool().Draw(t, "out") })
				if len(some) == 0 {
					return
				}
				part := flows(t, chainCase(some, f))
				for m := range chainHorizon + 1 {
					sum := 0.0
					for _, l := range some {
						sum += part[l.id][m]
					}
					if want := worth(chain.base, effects(some, f, m)); math.Abs(sum-want) > 1e-9*math.Abs(want)+1e-13*chain.base {
						t.Fatalf("month %d: %d of %d levers bring %v, want %v", m, len(some), len(levers), sum, want)
					}
				}
			})
		})
	}
}

func TestOrderOfLeversDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFactors(t)
		levers := drawLevers(t, []string{"lead_conversion", "win_rate", "deal_value", "sales_cycle", "churn", "repeat_purchase"}, 5)
		one := flows(t, chainCase(levers, f))
		turned := rapid.Permutation(levers).Draw(t, "order")
		two := flows(t, chainCase(turned, f))
		for _, l := range levers {
			for m, v := range one[l.id] {
				if math.Abs(v-two[l.id][m]) > 1e-12*(1e-3*salesBase+math.Abs(v)) {
					t.Fatalf("month %d: %s brings %v, and %v in another order", m, l.id, v, two[l.id][m])
				}
			}
		}
	})
}

// Levers on different chains do not act on each other, nor do two chains of one kind.
func TestChainsStandApart(t *testing.T) {
	const head = `case: Two teams
currency: EUR
discount: 0
horizon: 12
assumptions: {margin: 30 %}
costs: {fee: 1 EUR/month}
benefits:
`
	const direct = "  a: {lever: win_rate, chain: direct, deals: 30 /month, rate: 22 %, value: 14 000 EUR, uplift: 10 %}\n" +
		"  b: {lever: deal_value, chain: direct, uplift: 5 %}\n"
	const dealers = "  c: {lever: win_rate, chain: dealers, deals: 90 /month, rate: 35 %, value: 3 000 EUR, uplift: 20 %}\n"
	const customers = "  d: {lever: repeat_purchase, customers: 100, revenue: 12 000 EUR/year, uplift: 3 %}\n"
	all := flows(t, head+direct+dealers+customers)
	for _, part := range []string{direct, dealers, customers} {
		for id, alone := range flows(t, head+part) {
			for m, v := range alone {
				if math.Abs(v-all[id][m]) > 1e-9*(1+math.Abs(v)) {
					t.Errorf("%s in month %d: %v alone, %v with other chains in the case", id, m, v, all[id][m])
				}
			}
		}
	}
	// 90 · 35 % · 3 000 · 30 % · 20 % = 5 670 a month
	if got := all["c"][5]; math.Abs(got-5670) > 1e-9*5670 {
		t.Errorf("the dealers' win rate brings %v, want 5670", got)
	}
}

// A churn lever that is switched on in month 13 has kept nobody before: its stock fills from there.
func TestCustomersAreKeptFromTheFirstMonthOn(t *testing.T) {
	const text = `case: Late
currency: EUR
discount: 0
horizon: 24
costs: {fee: 1 EUR/month}
benefits:
  churn: {lever: churn, customers: 100, rate: 12 %%/year, cut: 50 %%, revenue: 1 200 EUR/year, margin: 50 %%, from: %d}
`
	early, late := flows(t, fmt.Sprintf(text, 1))["churn"], flows(t, fmt.Sprintf(text, 13))["churn"]
	// 1 % of 100 customers leave in a month, half of them are kept: 0.5 customers · 100 EUR · 50 %
	if late[12] != 0 || math.Abs(late[13]-25) > 1e-9 {
		t.Errorf("months 12 and 13 bring %v and %v, want 0 and 25", late[12], late[13])
	}
	for m := 13; m <= 24; m++ {
		if math.Abs(late[m]-early[m-12]) > 1e-9*late[m] {
			t.Errorf("month %d brings %v, want %v as twelve months before from month 1", m, late[m], early[m-12])
		}
	}
}

// A shorter sales cycle brings orders forward once: cycle · cut · realised of the base over all months, whatever the course.
func TestSalesCycleCountsOnce(t *testing.T) {
	const text = `case: Cycle
currency: EUR
discount: 0
horizon: 36
%s
costs: {fee: 1 EUR/month}
benefits:
  cycle: {lever: sales_cycle, deals: 60 /month, rate: 22 %%, value: 14 000 EUR, margin: 31 %%, cycle: 90 days, cut: 10 %%}
`
	base := 60 * 0.22 * 14_000 * 0.31
	for _, test := range []struct {
		name, adoption string
		reached        float64 // of the whole effect, in the last month
	}{
		{"no curve", "", 1},
		{"a curve from 20 %", "adoption: {start: 20 %, plateau: 80 %, months_to_90: 6}", factor{0.2, 0.8, 6}.at(36)},
		{"a plateau from the start", "adoption: {plateau: 70 %}", 0.7},
	} {
		sum := 0.0
		for _, v := range flows(t, fmt.Sprintf(text, test.adoption))["cycle"] {
			sum += v
		}
		if want := base * cycle * 0.1 * test.reached; math.Abs(sum/want-1) > 1e-9 {
			t.Errorf("%s: %v in all, want %v", test.name, sum, want)
		}
	}
}
