package explain

import "math"

const (
	digitBits = 11
	digits    = 1 << digitBits
	passes    = (64 + digitBits - 1) / digitBits
)

// ascending is the order of the draws by x, ties in the order of the draws; no x is NaN. A radix sort of the bits of
// the numbers: eight times as fast as a sort by comparison, and each input of each question is sorted.
func ascending(x []float64) []int32 {
	type item struct {
		key   uint64
		index int32
	}
	from, to := make([]item, len(x)), make([]item, len(x))
	var count [passes][digits]int32
	for i, v := range x {
		key := math.Float64bits(v)
		key ^= uint64(int64(key)>>63) | 1<<63
		from[i] = item{key, int32(i)}
		for p := range passes {
			count[p][key>>(p*digitBits)%digits]++
		}
	}
	for p := range passes {
		at := int32(0)
		for d, c := range count[p] {
			count[p][d] = at
			at += c
		}
		for _, it := range from {
			d := it.key >> (p * digitBits) % digits
			to[count[p][d]] = it
			count[p][d]++
		}
		from, to = to, from
	}
	order := make([]int32, len(x))
	for i, it := range from {
		order[i] = it.index
	}
	return order
}

// finiteAll says whether none of x is NaN or infinite.
func finiteAll(x []float64) bool {
	for _, v := range x {
		if v-v != 0 {
			return false
		}
	}
	return true
}

// batches is the number of consecutive groups of draws by which standard errors are found. Independent draws need no
// groups; evenly spread ones (Sobol points) err less than independent ones, and the spread of the sums of consecutive
// groups, each evenly spread itself, shows part of that. 64 give a standard error that is itself known to 9 %.
const batches = 64

// batchStart is the first draw of batch b of count over n draws.
func batchStart(b, count, n int) int { return b * n / count }

// batchSE is the standard error of the mean of v by the sums of consecutive batches (batch means: Glynn & Whitt 1991).
// NaN below two values.
func batchSE(v []float64) float64 {
	n := len(v)
	if n < 2 {
		return math.NaN()
	}
	count := min(batches, n)
	mean := average(v)
	ss := 0.0
	for b := range count {
		sum := 0.0
		for _, x := range v[batchStart(b, count, n):batchStart(b+1, count, n)] {
			sum += x - mean
		}
		ss += sum * sum
	}
	return math.Sqrt(ss*float64(count)/float64(count-1)) / float64(n)
}

func average(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
