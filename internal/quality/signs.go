package quality

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/rendite-crm/rendite/internal/crm"
)

// Sign is a pattern that invented entries leave and that honest ones may leave too: never proof. What it means, its null
// hypothesis and its limits are the messages quality.sign.ID, .null and .limits.
type Sign struct {
	ID    string `json:"id"`
	Table string `json:"table"`
	Field string `json:"field"`
	// N is the number of records looked at.
	N int64 `json:"n"`
	// Observed and Expected are shares of N: of records with the pattern, and what the null hypothesis has of them. For
	// tests of digits Observed is the largest deviation of a digit's share, Expected its share.
	Observed float64 `json:"observed"`
	Expected float64 `json:"expected"`
	// Low and High enclose Observed with 95 %; absent for tests of digits.
	Low  *float64 `json:"low,omitempty"`
	High *float64 `json:"high,omitempty"`
	// Test is z (one-sided), chi2 or poisson; Statistic its value, P the probability of one as large under the null.
	Test      string  `json:"test,omitempty"`
	Statistic float64 `json:"statistic"`
	P         float64 `json:"p"`
	// Excess is the share of N beyond what is expected.
	Excess float64 `json:"excess"`
	// Raised is true where the null is refused at 1 % over all signs together (S. Holm, Scand. J. Statist. 6, 1979) and
	// Excess is large enough to matter.
	Raised bool `json:"raised"`
	// Reason says why the test does not apply, else empty.
	Reason string `json:"reason,omitempty"`
	// digit is the one that deviates most.
	digit int
}

// toleratedSigns have a share that is nothing out of the ordinary.
var toleratedSigns = []string{"round_amounts", "backfilled", "logged_late", "owner_left"}

// Bounds of the tests.
const (
	fewestRecords = 30   // below it the normal distribution says too little
	fewestDigits  = 500  // for last digits
	fewestBenford = 1000 // for Benford's law
	spanBenford   = 3    // orders of magnitude between the 1st and the 99th percentile
	burst         = 5    // records in one second
	matters       = 0.05 // the least excess that is shown as a sign
	alpha         = 0.01
	ranFor        = 7 // days that a deal ran, for it to have been entered after the event
	loggedAfter   = 7 // days after which an activity is logged late
	bulk          = 0.2
)

// collector gathers what the tests need: counts, and eight bytes for each record's second.
type collector struct {
	closed, logged                        map[int64]int64 // deals and activities by day
	dealSeconds, activitySeconds          []int64
	backfilled, late                      map[int64]*[2]int64 // by day of entry: records, those with the pattern
	amounts, round, nonRound              int64
	last                                  [10]int64
	first                                 [10]int64
	magnitude                             map[int]int64 // by tenths of an order
	owners, left                          int64
	dealCreated, activityCreated, started bool
}

func (c *collector) start() {
	if c.started {
		return
	}
	c.started = true
	c.closed, c.logged, c.magnitude = map[int64]int64{}, map[int64]int64{}, map[int]int64{}
	c.backfilled, c.late = map[int64]*[2]int64{}, map[int64]*[2]int64{}
}

func (c *collector) owned(gone bool) {
	c.owners++
	if gone {
		c.left++
	}
}

// deal looks at an opportunity. ran: it has both days and is closed; over: it is won or lost.
func (c *collector) deal(b *builder, r *record, amount int64, priced bool, from, to int64, ran, over bool) {
	c.start()
	if over && to <= b.today {
		c.closed[to]++
	}
	if n, ok := r.created.(int64); ok {
		c.dealCreated = true
		c.dealSeconds = append(c.dealSeconds, n/1_000_000)
		if day, _ := b.day(r.created); ran && to-from >= ranFor {
			c.note(c.backfilled, day, day >= to)
		}
	}
	if priced && amount > 0 {
		c.amount(amount)
	}
}

const e4 = 10_000

func (c *collector) amount(n int64) {
	units := n / e4
	lead := n
	for lead >= 10 {
		lead /= 10
	}
	c.first[lead]++
	c.magnitude[int(math.Floor(10*math.Log10(float64(n)/e4)))]++
	if units >= 1000 {
		c.amounts++
		if n%(100*e4) == 0 {
			c.round++
		}
	}
	if units >= 100 && units%10 != 0 {
		c.nonRound++
		c.last[units%10]++
	}
}

func (c *collector) activity(b *builder, r *record, done int64, ok bool) {
	c.start()
	entered := done
	if n, known := r.created.(int64); known {
		c.activityCreated = true
		c.activitySeconds = append(c.activitySeconds, n/1_000_000)
		entered, _ = b.day(r.created)
		if ok {
			c.note(c.late, entered, entered-done > loggedAfter)
		}
	} else if !ok {
		return
	}
	if entered <= b.today {
		c.logged[entered]++
	}
}

func (c *collector) note(by map[int64]*[2]int64, day int64, pattern bool) {
	n := by[day]
	if n == nil {
		n = &[2]int64{}
		by[day] = n
	}
	n[0]++
	if pattern {
		n[1]++
	}
}

// signs runs the tests.
func (c *collector) signs(r *run) []Sign {
	c.start()
	all := []Sign{
		monthEnd(Sign{ID: "month_end_closed", Table: "opportunity", Field: "closed_day"}, c.closed, r.today),
		monthEnd(Sign{ID: "month_end_logged", Table: "activity", Field: "created_at"}, c.logged, r.today),
		sameSecond(Sign{ID: "same_second_deals", Table: "opportunity", Field: "created_at"}, c.dealSeconds),
		sameSecond(Sign{ID: "same_second_activities", Table: "activity", Field: "created_at"}, c.activitySeconds),
		afterwards(Sign{ID: "backfilled", Table: "opportunity", Field: "created_at"}, c.backfilled, c.dealCreated, r.rules.Tolerated["backfilled"]),
		afterwards(Sign{ID: "logged_late", Table: "activity", Field: "created_at"}, c.late, c.activityCreated, r.rules.Tolerated["logged_late"]),
		beyond(Sign{ID: "round_amounts", Table: "opportunity", Field: "amount"}, c.round, c.amounts, r.rules.Tolerated["round_amounts"]),
		digits(Sign{ID: "last_digit", Table: "opportunity", Field: "amount"}, c.last, uniformDigits(), fewestDigits),
		c.benford(),
		beyond(Sign{ID: "owner_left", Table: "opportunity", Field: "owner"}, c.left, c.owners, r.rules.Tolerated["owner_left"]),
	}
	holm(all)
	return all
}

// holm raises those whose null is refused at alpha over all together.
func holm(all []Sign) {
	var order []int
	for i, s := range all {
		if s.Reason == "" {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(all[a].P, all[b].P) })
	for k, i := range order {
		if all[i].P > alpha/float64(len(order)-k) {
			return
		}
		all[i].Raised = all[i].Excess >= matters
	}
}

// enough notes why a test does not apply.
func enough(s *Sign, n int64, fewest int64) bool {
	s.N = n
	switch {
	case n == 0:
		s.Reason = None
	case n < fewest:
		s.Reason = Few
	}
	return s.Reason == ""
}

// beyond tests whether k of n is more than a tolerated share: the score test of a proportion, one-sided.
func beyond(s Sign, k, n int64, tolerated float64) Sign {
	if !enough(&s, n, fewestRecords) {
		return s
	}
	p, e := float64(k)/float64(n), tolerated
	e = min(max(e, 1e-9), 1-1e-9)
	s.against(p, e, (p-e)*math.Sqrt(float64(n)/(e*(1-e))))
	s.Expected = tolerated
	return s
}

// against fills in the result of a one-sided z test of a share.
func (s *Sign) against(p, expected, z float64) {
	low, high := wilson(p, float64(s.N), z95)
	s.Observed, s.Expected, s.Low, s.High = p, expected, &low, &high
	s.Test, s.Statistic, s.P, s.Excess = "z", z, upper(z), max(0, p-expected)
}

// upper is P(Z ≥ z) of the normal distribution.
func upper(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }

// endDays are how many working days count as the end of a month.
const endDays = 3

// monthEnd tests whether records fall on the last working days of a month more often than on its others. Null: each working
// day, Monday to Friday, of the month is as likely. Records of weekends and of the month that is not over are left out.
func monthEnd(s Sign, byDay map[int64]int64, today int64) Sign {
	type sum struct{ n, end int64 }
	months := map[int64]*sum{}
	current := crm.MonthOf(crm.DayTime(today + 1))
	for day, n := range byDay {
		at := crm.DayTime(day)
		if weekend(at) || crm.MonthOf(at) >= current {
			continue
		}
		m := months[crm.MonthOf(at)]
		if m == nil {
			m = &sum{}
			months[crm.MonthOf(at)] = m
		}
		m.n += n
		if workingDaysAfter(at) < endDays {
			m.end += n
		}
	}
	var n, k int64
	var expected, variance float64
	for _, month := range sortedInts(months) {
		m := months[month]
		p := endDays / float64(workingDays(month))
		n += m.n
		k += m.end
		expected += float64(m.n) * p
		variance += float64(m.n) * p * (1 - p)
	}
	if !enough(&s, n, fewestRecords) {
		return s
	}
	s.against(float64(k)/float64(n), expected/float64(n), (float64(k)-expected)/math.Sqrt(variance))
	return s
}

func sortedInts[V any](m map[int64]V) []int64 {
	var all []int64
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

func weekend(at time.Time) bool { return at.Weekday() == time.Saturday || at.Weekday() == time.Sunday }

// workingDaysAfter counts those left in the month.
func workingDaysAfter(at time.Time) (n int) {
	for d := at.AddDate(0, 0, 1); d.Month() == at.Month(); d = d.AddDate(0, 0, 1) {
		if !weekend(d) {
			n++
		}
	}
	return n
}

func workingDays(month int64) int {
	first := time.Date(int(month/12), time.Month(month%12+1), 1, 0, 0, 0, 0, time.UTC)
	n := workingDaysAfter(first)
	if !weekend(first) {
		n++
	}
	return n
}

// sameSecond tests whether records were entered in bursts of at least five within a second. Null: entries come one by one,
// at random within the hours in which any was made (Poisson), so that bursts have a known rate.
func sameSecond(s Sign, seconds []int64) Sign {
	if len(seconds) == 0 {
		s.Reason = NotDelivered
		return s
	}
	if !enough(&s, int64(len(seconds)), fewestRecords) {
		return s
	}
	slices.Sort(seconds)
	hours, full := 0, 0
	last := int64(math.MinInt64)
	for _, at := range seconds {
		if at%3600 == 0 {
			full++
		}
		if h := at / 3600; h != last {
			hours++
			last = h
		}
	}
	if full*2 > len(seconds) {
		s.Reason = DaysOnly
		return s
	}
	bursts, records := 0, 0
	for i := 0; i < len(seconds); {
		k := i
		for k < len(seconds) && seconds[k] == seconds[i] {
			k++
		}
		if k-i >= burst {
			bursts++
			records += k - i
		}
		i = k
	}
	active := float64(hours) * 3600
	rate := float64(len(seconds)) / active
	expected := active * poissonTail(burst, rate)
	n := float64(len(seconds))
	low, high := wilson(float64(records)/n, n, z95)
	s.Observed, s.Low, s.High = float64(records)/n, &low, &high
	s.Expected = min(1, poissonTail(burst-1, rate)) // of records: a record has at least four others beside it
	s.Test, s.Statistic, s.P = "poisson", float64(bursts), poissonTail(bursts, expected)
	s.Excess = max(0, s.Observed-s.Expected)
	return s
}

// poissonTail is P(X ≥ k) of a Poisson variable with the mean m.
func poissonTail(k int, m float64) float64 {
	if k <= 0 {
		return 1
	}
	if m <= 0 {
		return 0
	}
	if float64(k) < m { // the lower sum has fewer terms
		sum := 0.0
		for i := range k {
			g, _ := math.Lgamma(float64(i + 1))
			sum += math.Exp(float64(i)*math.Log(m) - m - g)
		}
		return max(0, 1-sum)
	}
	sum := 0.0
	for i := k; ; i++ {
		g, _ := math.Lgamma(float64(i + 1))
		term := math.Exp(float64(i)*math.Log(m) - m - g)
		sum += term
		if term <= sum*1e-16 {
			return min(1, sum)
		}
	}
}

// afterwards tests whether records were entered after the event more often than tolerated. Days on which more than a fifth
// of all records were entered are a migration and are left out.
func afterwards(s Sign, byDay map[int64]*[2]int64, delivered bool, tolerated float64) Sign {
	if !delivered {
		s.Reason = NotDelivered
		return s
	}
	var all, n, k int64
	for _, d := range byDay {
		all += d[0]
	}
	for _, d := range byDay {
		if float64(d[0]) > bulk*float64(all) && d[0] >= fewestRecords {
			continue
		}
		n += d[0]
		k += d[1]
	}
	return beyond(s, k, n, tolerated)
}

func uniformDigits() (p [10]float64) {
	for d := 1; d <= 9; d++ {
		p[d] = 1.0 / 9
	}
	return p
}

// digits is Pearson's χ² of the digits 1 to 9 with eight degrees of freedom; Excess is half the sum of the deviations, the
// share of records that would need another digit.
func digits(s Sign, counts [10]int64, expected [10]float64, fewest int64) Sign {
	var n int64
	for d := 1; d <= 9; d++ {
		n += counts[d]
	}
	if !enough(&s, n, fewest) {
		return s
	}
	s.Test = "chi2"
	worst := 0.0
	for d := 1; d <= 9; d++ {
		e := expected[d] * float64(n)
		diff := float64(counts[d]) - e
		s.Statistic += diff * diff / e
		s.Excess += math.Abs(diff) / float64(n) / 2
		if dev := math.Abs(diff) / float64(n); dev > worst {
			worst, s.digit = dev, d
			s.Observed, s.Expected = float64(counts[d])/float64(n), expected[d]
		}
	}
	s.P = chi2Tail8(s.Statistic)
	return s
}

// chi2Tail8 is P(χ² ≥ x) with eight degrees of freedom: e^(−x/2) Σ (x/2)^i / i!, i < 4.
func chi2Tail8(x float64) float64 {
	h := x / 2
	return min(1, math.Exp(-h)*(1+h+h*h/2+h*h*h/6))
}

// benford tests the first digits of amounts against log₁₀(1 + 1/d) (F. Benford, Proc. Am. Phil. Soc. 78, 1938). It applies
// to figures that span several orders of magnitude alone (T. P. Hill, Statist. Sci. 10, 1995; M. J. Nigrini, Benford's Law,
// 2012), which prices and deals of one kind do not.
func (c *collector) benford() Sign {
	s := Sign{ID: "benford", Table: "opportunity", Field: "amount"}
	var n int64
	for _, k := range c.first {
		n += k
	}
	if !enough(&s, n, fewestBenford) {
		return s
	}
	var bins []int
	for b := range c.magnitude {
		bins = append(bins, b)
	}
	slices.Sort(bins)
	at := func(share float64) int {
		sum := int64(0)
		for _, b := range bins {
			if sum += c.magnitude[b]; float64(sum) >= share*float64(n) {
				return b
			}
		}
		return bins[len(bins)-1]
	}
	if at(0.99)-at(0.01) < 10*spanBenford {
		s.Reason = Narrow
		return s
	}
	var expected [10]float64
	for d := 1; d <= 9; d++ {
		expected[d] = math.Log10(1 + 1/float64(d))
	}
	return digits(s, c.first, expected, fewestBenford)
}

// credibility is the share of the records looked at that the raised signs do not put in doubt. Signs of owners who left are
// part of currentness.
func credibility(signs []Sign, weight float64) Score {
	s := Score{Factor: Credibility, Weight: weight, Teams: []TeamScore{}, Trend: []MonthScore{}, NoTrend: SignsOnly}
	var n, doubt, low, high float64
	for _, g := range signs {
		if g.Reason != "" || g.ID == "owner_left" {
			continue
		}
		k := float64(g.N)
		n += k
		if !g.Raised {
			continue
		}
		doubt += k * g.Excess
		if g.Low != nil {
			low += k * max(0, *g.Low-g.Expected)
			high += k * max(0, *g.High-g.Expected)
			continue
		}
		l, h := wilson(g.Excess, k, z95)
		low += k * l
		high += k * h
	}
	if n == 0 {
		s.Reason = None
		return s
	}
	s.Records, s.Checked, s.Wrong = int64(n), int64(n), int64(math.Round(doubt))
	s.Interval = &Interval{1 - doubt/n, 1 - high/n, 1 - low/n}
	if doubt == 0 {
		_, h := wilson(0, n, z95)
		s.Low = 1 - h
	}
	s.se = (s.High - s.Low) / (2 * z95)
	return s
}
