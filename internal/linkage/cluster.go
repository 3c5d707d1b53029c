package linkage

import (
	"cmp"
	"maps"
	"slices"
)

// How much one pair counts, in bits of odds, when two sets of records are joined: one certain link must not outweigh a
// contradiction as certain, or chains of half-filled records would join what has nothing in common.
const (
	mostFor     = 10
	mostAgainst = 20
	// maxCross is how many records of each set are compared across; of larger ones the first.
	maxCross = 24
)

// cluster joins the records of the links, the surest link first, as long as the pairs between the two sets speak for it
// on balance: greedy correlation clustering (Bansal, Blum & Chawla 2004, Machine Learning 56, 89–113) instead of all that
// hangs together.
func (r *Result) cluster() error {
	w := r.w
	set := make(map[int32]*[]int32)
	find := func(i int32) *[]int32 {
		s := set[i]
		if s == nil {
			s = &[]int32{i}
			set[i] = s
		}
		return s
	}
	join := func(x, y *[]int32) {
		if len(*x) < len(*y) {
			x, y = y, x
		}
		*x = append(*x, *y...)
		for _, i := range *y {
			set[i] = x
		}
	}
	p := w.newPair()
	links := r.Threshold.Links
	for _, i := range slices.Sorted(maps.Keys(w.same)) { // what is decided to be one is one before all else
		if x, y := find(w.same[i]), find(i); x != y {
			join(x, y)
		}
	}
	for k := range links {
		if k%chunkRecords == 0 {
			if err := w.ctx.Err(); err != nil {
				return err
			}
			if w.progress != nil {
				w.progress(Clustering, int64(k), int64(links))
			}
		}
		x, y := find(r.own[r.Pairs[k].A]), find(r.own[r.Pairs[k].B])
		if x == y || !w.belong(p, *x, *y) {
			continue
		}
		join(x, y)
	}
	for k := range links {
		r.Pairs[k].Cut = set[r.own[r.Pairs[k].A]] != set[r.own[r.Pairs[k].B]]
	}
	firsts := make([]int32, 0, len(set))
	for i, s := range set {
		if len(*s) > 1 && (*s)[0] == i {
			firsts = append(firsts, i)
		}
	}
	for k, i := range firsts {
		members := *set[i]
		slices.Sort(members)
		firsts[k] = members[0]
	}
	slices.SortFunc(firsts, func(i, j int32) int {
		return cmp.Or(cmp.Compare(len(*set[j]), len(*set[i])), cmp.Compare(i, j))
	})
	for _, i := range firsts {
		members := *set[i]
		c := Cluster{Survivor: int(w.order[w.survivor(p, members)])}
		for _, m := range members {
			c.Records = append(c.Records, int(w.order[m]))
		}
		r.Clusters = append(r.Clusters, c)
	}
	return nil
}

// belong reports whether the pairs between two sets speak for joining them. Records decided to be one count once, as the
// one that agrees best; a pair decided to be different keeps the sets apart.
func (w *work) belong(p *pairOf, x, y []int32) bool {
	sum := 0.0
	var best map[[2]int32]float64
	if w.settled != nil {
		if w.keptApart(x, y) {
			return false
		}
		best = make(map[[2]int32]float64)
	}
	for _, a := range x[:min(len(x), maxCross)] {
		w.first(p, a)
		for _, b := range y[:min(len(y), maxCross)] {
			w.second(p, b)
			odds := min(max(w.total(p)+w.logPrior, -mostAgainst), mostFor)
			if best == nil {
				sum += odds
				continue
			}
			pair := [2]int32{w.entity(a), w.entity(b)}
			if had, ok := best[pair]; !ok || odds > had {
				sum += odds - had
				best[pair] = odds
			}
		}
	}
	return sum >= 0
}

func (w *work) keptApart(x, y []int32) bool {
	for _, a := range x {
		for _, b := range y {
			if same, ok := w.decided(a, b); ok && !same {
				return true
			}
		}
	}
	return false
}

// survivor is the member with the most values; among equals the one that agrees best with the others.
func (w *work) survivor(p *pairOf, members []int32) int32 {
	best, most, close := members[0], -1, 0.0
	for _, i := range members {
		n := 0
		for _, v := range w.records[w.order[i]].Values {
			if v != "" {
				n++
			}
		}
		if n < most {
			continue
		}
		sum := 0.0
		w.first(p, i)
		for _, j := range members[:min(len(members), maxCross)] {
			if i != j {
				w.second(p, j)
				sum += w.total(p)
			}
		}
		if n > most || sum > close {
			best, most, close = i, n, sum
		}
	}
	return best
}
