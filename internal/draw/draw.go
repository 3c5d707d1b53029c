// Package draw makes the random numbers of a simulation: for each quantity a stream of uniform bits over consecutive
// draw indices, independent (NewPseudo) or evenly spread (NewSobol), and rank correlations between streams (Copula).
//
// Start with Sampler. Its bits depend on seed, key and draw index alone (for Sobol points also on the dimension): they
// are the same on any machine, in any order and for any split of the draws into tiles.
//
// It is pure numbers: it knows no distributions, units, months or case files.
package draw

// TileSize is the usual number of consecutive draws handled together. Results do not depend on it.
const TileSize = 512

// Sampler gives the uniform bits of one quantity for consecutive draws. It is safe for concurrent use; the same seed,
// key, dimension and draw index always give the same bits. Consumers map them by Uniform and a quantile function.
type Sampler interface {
	// Fill writes the bits of draws first … first+len(dst)−1 of dimension dim to dst. It takes any first ≥ 0 and
	// any length, and is fastest where first is a multiple of len(dst) and that a power of two. It panics if dim is
	// not in 0 … Dims()−1.
	Fill(dst []uint64, dim int, first int)
	// Dims is the number of dimensions: one for each key, in the order of the keys.
	Dims() int
}

// Uniform maps bits to the open unit interval: the midpoint of one of 2^52 equal cells, so from 2^-53 to 1−2^-53,
// symmetric about 1/2 and exact. (With 53 bits the midpoints above 1/2 would need 54 and the last would round to 1.)
func Uniform(bits uint64) float64 {
	return (float64(bits>>12) + 0.5) * 0x1p-52
}

// golden is 2^64 divided by the golden ratio, made odd: the increment of SplitMix64.
const golden = 0x9e3779b97f4a7c15

// mix is the finaliser of SplitMix64 (Steele, Lea & Flood 2014, Fast splittable pseudorandom number generators; the
// constants are Stafford's variant 13). It is a bijection in which each input bit changes half of the output bits.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Each use of a seed hashes with its own purpose, so that no two uses share numbers.
const (
	purposePseudo uint64 = iota + 1
	purposeScramble
	purposeShift
	purposeOrder
)

// keyed turns seed, purpose and name into the start of a stream. The name goes through FNV-1a (Fowler, Noll & Vo
// 1991), whose weak high bits mix evens out.
func keyed(seed, purpose uint64, name string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return mix(mix(mix(seed+golden)+purpose*golden) ^ h)
}
