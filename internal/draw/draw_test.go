package draw_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/rendite-crm/rendite/internal/draw"
	"pgregory.net/rapid"
)

// samplers are both kinds, for what holds for both.
var samplers = map[string]func(seed uint64, keys []string) draw.Sampler{
	"pseudo": draw.NewPseudo,
	"sobol":  draw.NewSobol,
}

func keys(n int) []string {
	k := make([]string, n)
	for i := range k {
		k[i] = fmt.Sprintf("quantity %d", i)
	}
	return k
}

func fill(s draw.Sampler, dim, first, n int) []uint64 {
	dst := make([]uint64, n)
	s.Fill(dst, dim, first)
	return dst
}

func TestUniform_isInsideTheUnitIntervalAndSymmetric(t *testing.T) {
	for _, test := range []struct {
		bits uint64
		want float64
	}{
		{0, 0x1p-53},
		{1<<12 - 1, 0x1p-53},
		{1 << 12, 3 * 0x1p-53},
		{1<<63 - 1, 0.5 - 0x1p-53},
		{1 << 63, 0.5 + 0x1p-53},
		{math.MaxUint64, 1 - 0x1p-53},
	} {
		if got := draw.Uniform(test.bits); got != test.want {
			t.Errorf("Uniform(%#x) = %v, want %v", test.bits, got, test.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.Uint64().Draw(t, "bits")
		if u, v := draw.Uniform(bits), draw.Uniform(^bits); u+v != 1 || u <= 0 || u >= 1 {
			t.Fatalf("Uniform(%#x) = %v, of the complement %v", bits, u, v)
		}
	})
}

func TestFill_anySplitGivesTheSameBits(t *testing.T) {
	for name, make := range samplers {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s := make(rapid.Uint64().Draw(t, "seed"), keys(600))
				dim := rapid.IntRange(0, s.Dims()-1).Draw(t, "dim")
				first := rapid.OneOf(rapid.IntRange(0, 5000), rapid.IntRange(1<<32-2000, 1<<32+2000)).Draw(t, "first")
				n := rapid.IntRange(0, 3000).Draw(t, "n")
				want := fill(s, dim, first, n)
				var got []uint64
				for len(got) < n {
					step := rapid.IntRange(1, n-len(got)).Draw(t, "step")
					got = append(got, fill(s, dim, first+len(got), step)...)
				}
				if !slices.Equal(got, want) {
					t.Fatal("the parts differ from the whole")
				}
				for range min(n, 5) {
					i := rapid.IntRange(0, n-1).Draw(t, "i")
					if one := fill(s, dim, first+i, 1); one[0] != want[i] {
						t.Fatalf("draw %d alone is %#x, in the range %#x", first+i, one[0], want[i])
					}
				}
			})
		})
	}
}

func TestSampler_bitsStayTheSameAcrossVersions(t *testing.T) {
	// Results are promised to be recomputable. These are this program's own numbers; a change of them is a change of
	// every published result and needs a new version.
	for name, want := range map[string][3]uint64{
		"pseudo": {0xe13268b4f83332c0, 0xb877a35d53a1e659, 0xe1616c7678762ea0},
		"sobol":  {0x17382bb682ed508e, 0xf0ba75f0759c7ebe, 0x630d089a3a7f8087},
	} {
		s := samplers[name](2026, keys(520))
		if got := [3]uint64{fill(s, 0, 0, 1)[0], fill(s, 30, 1000, 1)[0], fill(s, 519, 1<<33+5, 1)[0]}; got != want {
			t.Errorf("%s: %#x, want %#x", name, got, want)
		}
	}
}

func TestSampler_aKeyAddedAtTheEndLeavesTheOthers(t *testing.T) {
	for name, make := range samplers {
		before, after := make(1, keys(40)), make(1, keys(41))
		if after.Dims() != 41 {
			t.Errorf("%s has %d dimensions, want 41", name, after.Dims())
		}
		for dim := range 40 {
			if !slices.Equal(fill(before, dim, 0, 100), fill(after, dim, 0, 100)) {
				t.Errorf("%s: dimension %d changed", name, dim)
			}
		}
	}
}

func TestPseudo_aKeyAddedAnywhereLeavesTheOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := keys(20)
		at := rapid.IntRange(0, len(before)).Draw(t, "at")
		after := slices.Insert(slices.Clone(before), at, rapid.StringMatching(`[a-z]*`).Draw(t, "key"))
		a, b := draw.NewPseudo(1, before), draw.NewPseudo(1, after)
		for dim := range before {
			moved := dim
			if dim >= at {
				moved++
			}
			if !slices.Equal(fill(a, dim, 0, 20), fill(b, moved, 0, 20)) {
				t.Fatalf("%q changed", before[dim])
			}
		}
	})
}

func TestSampler_seedAndKeyBothMatter(t *testing.T) {
	for name, make := range samplers {
		all := map[uint64]string{}
		for seed := range uint64(20) {
			for _, key := range []string{"", "a", "b", "ab", "ba", "a\x00"} {
				bits := fill(make(seed, []string{key}), 0, 0, 1)[0]
				what := fmt.Sprintf("seed %d, key %q", seed, key)
				if other, have := all[bits]; have {
					t.Errorf("%s: %s and %s give the same bits", name, what, other)
				}
				all[bits] = what
			}
		}
	}
}

// chiSquare is Pearson's statistic of 256 cells; with n values from a uniform distribution it has 255 degrees of freedom.
func chiSquare(count *[256]int, n int) float64 {
	sum := 0.0
	for _, c := range count {
		d := float64(c) - float64(n)/256
		sum += d * d
	}
	return sum * 256 / float64(n)
}

// The quantiles 10^-6 and 1−10^-6 of chi-square with 255 degrees of freedom, by Wilson & Hilferty 1931:
// 255·(1 − 2/(9·255) ± 4.7534·√(2/(9·255)))³.
const chiLow, chiHigh = 160.5, 373.6

func TestPseudo_everyByteIsUniformOverDraws(t *testing.T) {
	const n = 1 << 16
	s := draw.NewPseudo(11, keys(8))
	for dim := range s.Dims() {
		bits := fill(s, dim, 0, n)
		for shift := 0; shift < 64; shift += 8 {
			var count [256]int
			for _, b := range bits {
				count[b>>shift&255]++
			}
			if x := chiSquare(&count, n); x < chiLow || x > chiHigh {
				t.Errorf("dimension %d, bits from %d: chi-square %.0f, want %.0f to %.0f", dim, shift, x, chiLow, chiHigh)
			}
		}
	}
}

func TestSampler_everyByteOfADrawIsUniformOverSeeds(t *testing.T) {
	const n = 1 << 14
	for name, make := range samplers {
		for _, at := range []int{0, 777} {
			var count [8][256]int
			for seed := range uint64(n) {
				b := fill(make(seed, []string{"first", "second"}), 1, at, 1)[0]
				for i := range count {
					count[i][b>>(8*i)&255]++
				}
			}
			for i := range count {
				if x := chiSquare(&count[i], n); x < chiLow || x > chiHigh {
					t.Errorf("%s draw %d, bits from %d: chi-square %.0f, want %.0f to %.0f", name, at, 8*i, x, chiLow, chiHigh)
				}
			}
		}
	}
}

func TestPseudo_streamsAreUncorrelated(t *testing.T) {
	// Of 60 keys and two neighbouring seeds; the correlation of n independent pairs has a standard deviation of 1/√n, and
	// 5 of them are exceeded by 7140 pairs with a probability of 0.4 %.
	const n = 1 << 12
	var streams [][]float64
	for seed := range uint64(2) {
		s := draw.NewPseudo(seed, keys(60))
		for dim := range s.Dims() {
			z := make([]float64, n)
			for i, b := range fill(s, dim, 0, n) {
				z[i] = (draw.Uniform(b) - 0.5) * math.Sqrt(12)
			}
			streams = append(streams, z)
		}
	}
	for i := range streams {
		for j := range i {
			sum := 0.0
			for k := range n {
				sum += streams[i][k] * streams[j][k]
			}
			if r := sum / n; math.Abs(r) > 5/math.Sqrt(n) {
				t.Errorf("streams %d and %d have the correlation %.4f", i, j, r)
			}
		}
	}
}

// yield is a smooth function of 48 uniforms shaped like a business case: fifteen products of three quantities, times
// three more that all of them share. place says which dimension holds the quantity i. Its mean is 15·e·(0.8 + 0.4/3)
// with e = (exp(1/4) − exp(−1/4))/(1/2), since the mean of a product of independent quantities is that of the means.
func yield(u []float64, place func(i int) int) float64 {
	sum := 0.0
	for i := 3; i < 48; i += 3 {
		a, b, c := u[place(i)], u[place(i+1)], u[place(i+2)]
		sum += (0.5 + a) * (0.6 + 0.8*b) * math.Exp(0.5*(c-0.5))
	}
	x, y, z := u[place(0)], u[place(1)], u[place(2)]
	return sum * (0.7 + 0.6*x) * (0.8 + 0.4*y*y) * (1.1 - 0.2*z)
}

func TestSobol_meanOfASmoothFunctionIsTenTimesAsExact(t *testing.T) {
	mean := 15 * (math.Exp(0.25) - math.Exp(-0.25)) / 0.5 * (0.8 + 0.4/3)
	places := map[string]func(i int) int{
		"shared first, products of neighbours": func(i int) int { return i },
		"quantities scattered":                 func(i int) int { return (29*i + 11) % 48 },
	}
	for _, n := range []int{10_000, 16_384} {
		for order, place := range places {
			squares := map[string]float64{}
			const seeds = 20
			for name, make := range samplers {
				for seed := range uint64(seeds) {
					d := meanOf(make(seed, keys(48)), n, func(u []float64) float64 { return yield(u, place) }) - mean
					squares[name] += d * d
				}
			}
			pseudo, sobol := math.Sqrt(squares["pseudo"]/seeds), math.Sqrt(squares["sobol"]/seeds)
			t.Logf("%d draws, %s: RMSE %.5f pseudo, %.5f Sobol, ratio %.4f", n, order, pseudo, sobol, sobol/pseudo)
			if sobol > pseudo/10 {
				t.Errorf("%d draws, %s: ratio %.3f, want at most 0.1", n, order, sobol/pseudo)
			}
		}
	}
}

// meanOf is the mean of f over n draws, tile by tile.
func meanOf(s draw.Sampler, n int, f func(u []float64) float64) float64 {
	tile := make([][]uint64, s.Dims())
	for dim := range tile {
		tile[dim] = make([]uint64, draw.TileSize)
	}
	u := make([]float64, s.Dims())
	sum := 0.0
	for first := 0; first < n; first += draw.TileSize {
		for dim := range tile {
			s.Fill(tile[dim], dim, first)
		}
		for i := range min(draw.TileSize, n-first) {
			for dim := range u {
				u[dim] = draw.Uniform(tile[dim][i])
			}
			sum += f(u)
		}
	}
	return sum / float64(n)
}

func TestSobol_productsAcrossTheEndOfTheTableAreAboutAsExactAsByChance(t *testing.T) {
	// The mean of (u − 1/2)(v − 1/2) is 0, and 1/12/√n is its standard deviation for independent draws. For the two
	// leading digits, with 9/16 of the variance, a shuffle that keeps blocks together doubles it: each draw and its
	// neighbour have opposite digits in both dimensions, so the product comes twice. The other digits are as by chance,
	// so √(25/16) = 1.25 is expected.
	const n, seeds, dims, pass = 256, 200, 8, 512
	squares, bias := 0.0, 0.0
	for seed := range uint64(seeds) {
		s := draw.NewSobol(seed, keys(pass+dims))
		for i := range dims {
			a := fill(s, i, 0, n)
			for j := range dims {
				b := fill(s, pass+j, 0, n)
				sum := 0.0
				for k := range n {
					sum += (draw.Uniform(a[k]) - 0.5) * (draw.Uniform(b[k]) - 0.5)
				}
				d := sum * 12 / math.Sqrt(n)
				squares += d * d
				bias += d
			}
		}
	}
	const pairs = seeds * dims * dims
	rmse, mean := math.Sqrt(squares/pairs), bias/pairs
	t.Logf("relative to chance: RMSE %.2f, bias %.3f", rmse, mean)
	if rmse > 1.4 {
		t.Errorf("RMSE is %.2f times that of chance, want about 1.25", rmse)
	}
	if math.Abs(mean) > 0.1 {
		t.Errorf("bias is %.3f of a standard deviation, want 0", mean)
	}
}

func TestSampler_noKeysNoDimensions(t *testing.T) {
	for name, make := range samplers {
		if got := make(1, nil).Dims(); got != 0 {
			t.Errorf("%s without keys has %d dimensions", name, got)
		}
	}
}
