package draw

type pseudo struct {
	starts []uint64
}

// NewPseudo returns independent streams, one for each key. A stream depends on the seed and its own key alone:
// adding, removing or reordering other keys leaves it as it is. Equal keys give equal streams.
//
// The bits of draw i are the output i of SplitMix64 (Steele, Lea & Flood 2014) from a start that is a hash of seed
// and key, computed directly from i. Two streams of n draws overlap with probability n·2^-63.
func NewPseudo(seed uint64, keys []string) Sampler {
	p := &pseudo{starts: make([]uint64, len(keys))}
	for dim, key := range keys {
		p.starts[dim] = keyed(seed, purposePseudo, key)
	}
	return p
}

func (p *pseudo) Dims() int { return len(p.starts) }

func (p *pseudo) Fill(dst []uint64, dim int, first int) {
	state := p.starts[dim] + uint64(first)*golden
	for i := range dst {
		state += golden
		dst[i] = mix(state)
	}
}
