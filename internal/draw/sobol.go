package draw

import "math/bits"

// digits is the number of binary digits of a draw index that select a Sobol point; 2^digits draws use the sequence up.
const digits = 32

// tableDims is the number of dimensions that have direction numbers of their own.
const tableDims = len(directionTable)

// matrix is the generator matrix of one dimension, by columns: the point with index i is the exclusive or of the
// columns k for which binary digit k of i is set. The first digit after the binary point is bit 63.
type matrix [digits]uint64

type sobolDim struct {
	columns matrix
	shift   uint64
}

type sobol struct {
	dims []sobolDim
}

// NewSobol returns scrambled Sobol points (Sobol' 1967): dimension i for keys[i]. Any 2^k consecutive draws from a
// multiple of 2^k on hit each of the 2^k equal cells of each dimension exactly once, and are evenly spread in two and
// more dimensions too, so that the error of a mean falls almost like 1/n instead of 1/√n. That is at its best when the
// number of draws is a power of two. Every single point is uniform, so means are unbiased; draws are not independent of
// each other, so s/√n overstates the error of a mean. The first point is kept (Owen 2020, On dropping the first Sobol'
// point).
//
// The scramble depends on seed and key, the points on the position too: adding keys at the end leaves the earlier
// dimensions as they are. Put the quantities that matter most first; low dimensions are the most even.
//
// Scrambling is Matoušek's (1998, On the L2-discrepancy for anchored boxes): a random nonsingular lower triangular
// binary matrix from the left, then a random digital shift. It reaches all 64 bits and costs nothing per draw.
//
// Dimensions beyond the table of direction numbers take those of dimension i mod tableDims with the draws in another
// order, one order for each pass through the table. The order comes from a random nonsingular upper triangular matrix
// from the right, which permutes the first 2^k points among themselves for every k: the linear form of the shuffling of
// Burley 2020 (Practical hash-based Owen scrambling). Between passes evenness in two dimensions is that of chance; within
// a pass and in each dimension nothing is lost.
//
// After 2^32 draws the points start over with new digital shifts.
func NewSobol(seed uint64, keys []string) Sampler {
	s := &sobol{dims: make([]sobolDim, len(keys))}
	for dim, key := range keys {
		columns := directions(dim % tableDims)
		if pass := dim / tableDims; pass > 0 {
			columns = reorder(columns, mix(keyed(seed, purposeOrder, "")+uint64(pass)))
		}
		s.dims[dim] = sobolDim{
			columns: scramble(columns, keyed(seed, purposeScramble, key)),
			shift:   keyed(seed, purposeShift, key),
		}
	}
	return s
}

func (s *sobol) Dims() int { return len(s.dims) }

func (s *sobol) Fill(dst []uint64, dim int, first int) {
	s.dims[dim].fill(dst, uint64(first))
}

// maxBlock is the binary logarithm of the longest run that fill doubles up to; its 8 KB stay in the first-level cache.
const maxBlock = 10

// fill cuts the range into the largest runs that start at a multiple of their own length.
func (d *sobolDim) fill(dst []uint64, index uint64) {
	for len(dst) > 0 {
		k := min(bits.Len(uint(len(dst)))-1, maxBlock)
		if index != 0 {
			k = min(k, bits.TrailingZeros64(index))
		}
		d.block(dst[:1<<k], index, k)
		dst = dst[1<<k:]
		index += 1 << k
	}
}

// block fills 2^k values from an index that is a multiple of 2^k, by doubling: the points j+2^i are the points j with
// column i added.
func (d *sobolDim) block(dst []uint64, index uint64, k int) {
	dst[0] = d.point(index)
	done := 1
	for i := range min(k, 3) {
		v := d.columns[i]
		for j := range done {
			dst[done+j] = dst[j] ^ v
		}
		done *= 2
	}
	for i := 3; i < k; i++ {
		v := d.columns[i]
		from, to := dst[:done], dst[done:2*done]
		for len(from) >= 8 && len(to) >= 8 {
			f, t := (*[8]uint64)(from), (*[8]uint64)(to)
			t[0] = f[0] ^ v
			t[1] = f[1] ^ v
			t[2] = f[2] ^ v
			t[3] = f[3] ^ v
			t[4] = f[4] ^ v
			t[5] = f[5] ^ v
			t[6] = f[6] ^ v
			t[7] = f[7] ^ v
			from, to = from[8:], to[8:]
		}
		done *= 2
	}
}

// point is one point from the definition.
func (d *sobolDim) point(index uint64) uint64 {
	x := d.shift
	if round := index >> digits; round > 0 {
		x = mix(d.shift + round*golden)
	}
	for rest := uint32(index); rest != 0; rest &= rest - 1 {
		x ^= d.columns[bits.TrailingZeros32(rest)]
	}
	return x
}

//go:generate go run gen/main.go

// directions computes the unscrambled generator matrix of a dimension of the table. Dimension 0 is the van der Corput
// sequence. The others follow Sobol's recurrence for a primitive polynomial x^s + a_1 x^(s−1) + … + a_(s−1) x + 1 with
// column v_k = m_k/2^k (Bratley & Fox 1988, Algorithm 659):
// v_k = a_1 v_(k−1) ⊕ … ⊕ a_(s−1) v_(k−s+1) ⊕ v_(k−s) ⊕ v_(k−s)/2^s.
func directions(dim int) matrix {
	var v matrix
	row := &directionTable[dim]
	polynomial := uint(row[0])
	degree := bits.Len(polynomial) - 1
	if degree == 0 {
		for k := range v {
			v[k] = 1 << (63 - k)
		}
		return v
	}
	for k := range v {
		if k < degree {
			v[k] = uint64(row[1+k]) << (63 - k)
			continue
		}
		v[k] = v[k-degree] ^ v[k-degree]>>degree
		for i := 1; i < degree; i++ {
			if polynomial>>(degree-i)&1 == 1 {
				v[k] ^= v[k-i]
			}
		}
	}
	return v
}

// scramble multiplies from the left by a random lower triangular matrix with ones on the diagonal.
func scramble(columns matrix, key uint64) matrix {
	// left[r] is column r of the random matrix: what digit r of the input adds to the output.
	var left [digits]uint64
	for r := range left {
		diagonal := uint64(1) << (63 - r)
		left[r] = diagonal | mix(key+uint64(r+1)*golden)&(diagonal-1)
	}
	for k, v := range columns {
		var sum uint64
		for ; v != 0; v &= v - 1 {
			sum ^= left[63-bits.TrailingZeros64(v)]
		}
		columns[k] = sum
	}
	return columns
}

// reorder multiplies from the right by a random upper triangular matrix with ones on the diagonal.
func reorder(columns matrix, key uint64) matrix {
	sums := columns
	for k := range sums {
		for chosen := mix(key+uint64(k+1)*golden) & (1<<k - 1); chosen != 0; chosen &= chosen - 1 {
			sums[k] ^= columns[bits.TrailingZeros64(chosen)]
		}
	}
	return sums
}
