package quality

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
)

func dayOf(text string) int64 {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return crm.DayOf(at)
}

// Upper tails: the quantiles of the usual tables of χ² and of the normal distribution, sums of Poisson terms in decimals of 60
// digits.
func TestTails_againstTablesAndLongDecimals(t *testing.T) {
	for _, c := range []struct{ got, want float64 }{
		{chi2Tail8(0), 1}, {chi2Tail8(7.344121), 0.5}, {chi2Tail8(15.50731), 0.05}, {chi2Tail8(20.09024), 0.01}, {chi2Tail8(40), 3.203720e-06},
		{poissonTail(0, 3), 1}, {poissonTail(1, 3), 0.9502129}, {poissonTail(5, 3), 0.1847368}, {poissonTail(5, 0.1), 7.667802e-08}, {poissonTail(3, 0), 0}, {poissonTail(120, 100), 0.02823039},
		{upper(0), 0.5}, {upper(1.6448536), 0.05}, {upper(-1.6448536), 0.95}, {upper(5), 2.866516e-07},
	} {
		if math.Abs(c.got-c.want) > 3e-6*max(c.want, 1e-12) {
			t.Errorf("%v, want %v", c.got, c.want)
		}
	}
}

func TestMonthEnd_knowsTheWorkingDays(t *testing.T) {
	// May 2026 ends on a Sunday: its last working days are Wednesday 27th to Friday 29th; it has 21.
	for text, left := range map[string]int{"2026-05-29": 0, "2026-05-28": 1, "2026-05-27": 2, "2026-05-26": 3, "2026-05-01": 20} {
		if n := workingDaysAfter(crm.DayTime(dayOf(text))); n != left {
			t.Errorf("%s: %d working days left, want %d", text, n, left)
		}
	}
	if n := workingDays(2026*12 + 4); n != 21 {
		t.Errorf("May 2026 has %d working days", n)
	}
	byDay := map[int64]int64{dayOf("2026-05-29"): 30, dayOf("2026-05-12"): 70, dayOf("2026-05-30"): 500, dayOf("2026-06-01"): 500}
	s := monthEnd(Sign{}, byDay, dayOf("2026-06-15")) // a Saturday, and the month that is not over, count nothing
	if s.N != 100 || s.Observed != 0.3 || math.Abs(s.Expected-3.0/21) > 1e-12 || math.Abs(s.Statistic-(30-100.0/7)/math.Sqrt(100.0/7*6/7)) > 1e-12 {
		t.Errorf("%+v", s)
	}
	if s = monthEnd(Sign{}, map[int64]int64{dayOf("2026-05-29"): 29}, dayOf("2026-06-15")); s.Reason != Few {
		t.Errorf("%+v", s)
	}
}

// honest are records of a CRM in which nobody invents anything: closings on random working days, entries at random seconds of
// the working day, amounts over four orders of magnitude.
func honest(r *rand.Rand, n int) *collector {
	c := &collector{}
	c.start()
	first := dayOf("2023-01-02")
	for range n {
		day := first + int64(r.IntN(1000))
		for weekend(crm.DayTime(day)) {
			day = first + int64(r.IntN(1000))
		}
		second := day*86400 + int64(8*3600+r.IntN(9*3600))
		c.closed[day]++
		c.logged[day]++
		c.dealCreated, c.activityCreated = true, true
		c.dealSeconds = append(c.dealSeconds, second)
		c.activitySeconds = append(c.activitySeconds, second)
		c.note(c.backfilled, day, r.IntN(100) < 2)
		c.note(c.late, day, r.IntN(100) < 4)
		c.amount(int64(math.Pow(10, 2+4*r.Float64()) * e4))
		c.owned(r.IntN(100) < 2)
	}
	return c
}

func raisedBy(c *collector) map[string]Sign {
	all := map[string]Sign{}
	for _, s := range c.signs(&run{today: dayOf("2026-01-31"), rules: Default()}) {
		all[s.ID] = s
	}
	return all
}

// Over all signs together at most one honest CRM in a hundred may raise one; of 300 that is at most 9 in 99.9 % of runs.
func TestSigns_honestDataRaiseNone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	raised := 0
	for range 300 {
		for id, s := range raisedBy(honest(r, 1500)) {
			if s.Reason != "" {
				t.Fatalf("%s: %s", id, s.Reason)
			}
			if s.P < 0 || s.P > 1 || math.IsNaN(s.Statistic) {
				t.Fatalf("%+v", s)
			}
			if s.Raised {
				raised++
			}
		}
	}
	if raised > 9 {
		t.Errorf("%d of 300 honest CRMs raise a sign", raised)
	}
}

// Each pattern is planted in one record of five and must raise its own sign.
func TestSigns_whatIsPlantedIsRaised(t *testing.T) {
	const n = 3000
	plant := map[string]func(c *collector, r *rand.Rand){
		"month_end_closed":       func(c *collector, r *rand.Rand) { c.closed[dayOf("2025-10-31")] += n / 4 },
		"month_end_logged":       func(c *collector, r *rand.Rand) { c.logged[dayOf("2025-10-30")] += n / 4 },
		"same_second_deals":      func(c *collector, r *rand.Rand) { c.dealSeconds = bursts(c.dealSeconds, n/4) },
		"same_second_activities": func(c *collector, r *rand.Rand) { c.activitySeconds = bursts(c.activitySeconds, n/4) },
		"backfilled": func(c *collector, r *rand.Rand) {
			for i := range n / 4 {
				c.note(c.backfilled, dayOf("2024-01-01")+int64(i), true)
			}
		},
		"logged_late": func(c *collector, r *rand.Rand) {
			for i := range n / 4 {
				c.note(c.late, dayOf("2024-01-01")+int64(i), true)
			}
		},
		"round_amounts": func(c *collector, r *rand.Rand) {
			for i := range 2 * n {
				c.amount(int64(1000+100*(i%50)) * e4)
			}
		},
		"last_digit": func(c *collector, r *rand.Rand) {
			for range n / 2 {
				c.amount(int64(10*r.IntN(1000)+107) * e4)
			}
		},
		"benford": func(c *collector, r *rand.Rand) {
			for i := range n {
				c.amount(int64(8*math.Pow(10, float64(2+i%4))+float64(r.IntN(90))) * e4)
			}
		},
		"owner_left": func(c *collector, r *rand.Rand) {
			for range n / 4 {
				c.owned(true)
			}
		},
	}
	for id, f := range plant {
		r := rand.New(rand.NewPCG(3, 4))
		c := honest(r, n)
		f(c, r)
		got := raisedBy(c)
		if s := got[id]; !s.Raised || s.P > 1e-6 || s.Excess < matters {
			t.Errorf("%s: %+v", id, s)
		}
		for other, s := range got {
			if s.Raised && other != id && !(id == "round_amounts" || id == "last_digit" || id == "benford") {
				t.Errorf("%s raises %s too: %+v", id, other, s)
			}
		}
		if f := credibility(c.signs(&run{today: dayOf("2026-01-31"), rules: Default()}), 0); id != "owner_left" && (f.Score >= 1 || f.Low > f.Score || f.High < f.Score) || id == "owner_left" && f.Score != 1 {
			t.Errorf("%s: credibility %+v", id, f.Interval)
		}
	}
}

func bursts(seconds []int64, n int) []int64 {
	for i := range n {
		seconds = append(seconds, dayOf("2025-03-03")*86400+9*3600+int64(i/10))
	}
	return seconds
}

func TestSigns_sayWhenTheyDoNotApply(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	c := honest(r, 2000)
	c.first, c.magnitude = [10]int64{}, map[int]int64{}
	c.dealSeconds = nil
	for i := range c.activitySeconds {
		c.activitySeconds[i] -= c.activitySeconds[i] % 86400
	}
	c.activityCreated = false
	for range 2000 {
		c.amount(int64(1000+r.IntN(9000)) * e4) // one order of magnitude
	}
	got := raisedBy(c)
	for id, reason := range map[string]string{"benford": Narrow, "same_second_deals": NotDelivered, "same_second_activities": DaysOnly, "logged_late": NotDelivered} {
		if s := got[id]; s.Reason != reason || s.Raised || s.P != 0 {
			t.Errorf("%s: %+v, want %s", id, s, reason)
		}
	}
	few := &collector{}
	for id, s := range raisedBy(few) {
		if s.Reason == "" || s.Raised {
			t.Errorf("%s of nothing: %+v", id, s)
		}
	}
}

// A day of migration says nothing about who back-fills.
func TestSigns_aMigrationIsNoBackfilling(t *testing.T) {
	c := honest(rand.New(rand.NewPCG(7, 8)), 2000)
	for range 1500 {
		c.note(c.backfilled, dayOf("2024-07-01"), true)
	}
	if s := raisedBy(c)["backfilled"]; s.Raised || s.N < 1990 || s.N > 2000 { // without the others of that day
		t.Errorf("%+v", s)
	}
}

func TestScore_oneCheckEachIsWilson(t *testing.T) {
	var s sums
	for i := range 200 {
		s.add(float64(i%5/4), 1) // 40 of 200
	}
	v, low, high := s.score(z95)
	wl, wh := wilson(0.2, 199, z95) // one degree of freedom less
	if v != 0.2 || math.Abs(low-wl) > 1e-12 || math.Abs(high-wh) > 1e-12 {
		t.Errorf("%v (%v to %v), want %v to %v", v, low, high, wl, wh)
	}
	// Wilson's interval of 40 of 200, from his formula in decimals of 60 digits.
	if low, high = wilson(0.2, 200, z95); math.Abs(low-0.15045200926) > 1e-10 || math.Abs(high-0.26085518657) > 1e-10 {
		t.Errorf("%v to %v", low, high)
	}
}

// Ten checks of a record that all go the same way are worth one.
func TestScore_checksOfOneRecordCountOnce(t *testing.T) {
	var many, once sums
	for i := range 300 {
		right := float64(min(1, i%4))
		many.add(10*right, 10)
		once.add(right, 1)
	}
	v1, l1, h1 := many.score(z95)
	v2, l2, h2 := once.score(z95)
	if math.Abs(v1-v2) > 1e-12 || math.Abs(l1-l2) > 1e-9 || math.Abs(h1-h2) > 1e-9 {
		t.Errorf("%v (%v to %v) and %v (%v to %v)", v1, l1, h1, v2, l2, h2)
	}
}

// The interval holds the truth in 95 of 100 CRMs, whose records differ in how well they are kept.
func TestScore_coversTheTruth(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	const runs, truth = 2000, 0.9 // the mean of Beta(9, 1)
	held := 0
	for range runs {
		var s sums
		for range 150 {
			p := math.Pow(r.Float64(), 1.0/9) // Beta(9, 1)
			checks := 1 + r.IntN(8)
			right := 0
			for range checks {
				if r.Float64() < p {
					right++
				}
			}
			s.add(float64(right), float64(checks))
		}
		if _, low, high := s.score(z95); low <= truth && truth <= high {
			held++
		}
	}
	if share := float64(held) / runs; share < 0.935 || share > 0.965 {
		t.Errorf("the interval holds the truth in %v of the runs", share)
	}
}

func TestScore_atTheEdges(t *testing.T) {
	var s sums
	if v, _, _ := s.score(z95); !math.IsNaN(v) || s.interval() != nil {
		t.Errorf("a score of nothing: %v", v)
	}
	for range 50 {
		s.add(3, 3)
	}
	v, low, high := s.score(z95)
	if wl, _ := wilson(1, 50, z95); v != 1 || high != 1 || math.Abs(low-wl) > 1e-12 { // 50 records, not 150 checks
		t.Errorf("%v, %v to %v", v, low, high)
	}
}

func TestDuplicates_takeThePlaceOfExactKeys(t *testing.T) {
	exact := sums{}
	for i := range 1000 {
		exact.add(float64(min(1, i%100)), 1) // 1 % the same
	}
	r := &Report{Factors: []Score{{Factor: Completeness, Weight: 1, Interval: &Interval{0.8, 0.78, 0.82}, se: 0.01}, {Factor: Uniqueness, Weight: 1}}, unique: map[string]sums{"account": exact, "contact": exact}}
	r.uniqueness()
	r.total()
	if u := r.Factors[1]; math.Abs(u.Score-0.99) > 1e-12 || u.Estimated {
		t.Fatalf("%+v", u)
	}
	if err := r.Duplicates("account", 3000, 0.09, 0.07, 0.11); err != nil {
		t.Fatal(err)
	}
	// (3000 · 0.91 + 1000 · 0.99) ÷ 4000, and the standard errors of both weighed in the same way.
	u := r.Factors[1]
	se := math.Hypot(3*0.04/(2*z95), exact.se()) / 4
	if math.Abs(u.Score-0.93) > 1e-12 || !u.Estimated || math.Abs(u.se-se) > 1e-12 || u.Low >= u.Score || u.High <= u.Score {
		t.Errorf("%+v, se %v, want %v", u, u.se, se)
	}
	if math.Abs(r.Total.Score-(0.8+0.93)/2) > 1e-12 || r.Driver.P10 >= r.Driver.P50 || r.Driver.P90 <= r.Driver.P50 {
		t.Errorf("total %+v, driver %+v", r.Total, r.Driver)
	}
	for _, bad := range [][3]float64{{0.1, 0.2, 0.3}, {0.5, 0.4, 0.45}, {math.NaN(), 0, 1}, {1.2, 0, 1.3}} {
		if err := r.Duplicates("account", 10, bad[0], bad[1], bad[2]); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}
